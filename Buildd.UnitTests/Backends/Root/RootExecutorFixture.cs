using Buildd.Backends.Root;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>A work folder with one build, and the privileged operations on it.</summary>
public abstract class RootExecutorFixture : IDisposable
{
    private protected const string Sum = "0123456789abcdef0123456789abcdef01234567";
    private protected static readonly Sha1 Tarball = Sha1.Parse(Sum);
    private protected const uint Other = 12345;
    private protected readonly TemporaryDirectory _folder = new();

    private protected RootExecutorFixture()
    {
        foreach (var name in (string[])["work", "cache", "schroot", "outside"])
            Directory.CreateDirectory(_folder[name]);
        File.WriteAllText(_folder["outside/kept"], "kept");
    }

    private protected string Build => _folder["work/build-1"];

    private protected string Chroot => Path.Combine(Build, "chroot-autobuild");

    public void Dispose() => _folder.Dispose();

    private protected RootPlace Place => new()
    {
        WorkDirectory = _folder["work"],
        FileCacheDirectory = _folder["cache"],
        SchrootDirectory = _folder["schroot"],
        Owners = [Other],
    };

    private protected void Refuses(RootOperation operation, string reason, RootPlace? place = null) =>
        Assert.That(async () => await RunAsync(operation, place), Throws.TypeOf<RootOperationException>().With.Message.Contains(reason));

    private protected async Task<int> RunAsync(RootOperation operation, RootPlace? place = null, TimeProvider? time = null)
    {
        Machine.Require(CurrentUser.IsRoot, "root");
        await using var scope = ProcessScope.Open("root-test");
        return await new RootExecutor(place ?? Place, scope, _ => { }, time ?? TimeProvider.System)
            .RunAsync(operation, default, CancellationToken.None);
    }

    private protected static Task<string> ChownAsync(uint owner, string path) =>
        ProcessRunner.CaptureAsync(Command.Of("chown", $"{owner}", path));
}
