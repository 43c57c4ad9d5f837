using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>Tarballs that GNU tar unpacks, and that are easily thought wrong, as the farm takes them in.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class OddChrootTests
{
    private static IEnumerable<string> Tarballs => Cases.Files("chroot-");

    [TestCaseSource(nameof(Tarballs))]
    public async Task A_chroot_that_slaves_unpack_is_taken(string file)
    {
        using var folder = new TemporaryDirectory();
        var path = Cases.PathOf("", file);
        await ProcessRunner.CaptureAsync(Command.Of("tar", "-C", folder.Path, "--numeric-owner", "-xf", path));
        Assert.That(folder["chroot-autobuild/bin/sh"], Does.Exist);
        await using var farm = new FarmProgram();

        var (code, output) = await farm.DoAsync("chroots", "add", "bookworm", "amd64", path);

        Assert.That(code, Is.Zero, output);
    }
}
