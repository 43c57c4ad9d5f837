using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>What sbuild is told, and how its answer is read.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class SbuildTests
{
    [TestCase(0, BuildStatus.Ok)]
    [TestCase(1, BuildStatus.PackageFail)]
    [TestCase(2, BuildStatus.PackageFail)]
    [TestCase(3, BuildStatus.PackageFail)]
    [TestCase(4, BuildStatus.BuilderFail)]
    [TestCase(127, BuildStatus.BuilderFail)]
    [TestCase(137, BuildStatus.BuilderFail)]
    [TestCase(-1, BuildStatus.BuilderFail)]
    public void An_exit_code_has_a_status(int code, BuildStatus status) =>
        Assert.That(SbuildExitCode.ToStatus(code), Is.EqualTo(status));

    [TestCase("linux32", "armel", "armhf", "hppa", "i386", "lpia", "mips", "mipsel", "powerpc", "s390", "sparc")]
    [TestCase("linux64", "alpha", "amd64", "arm64", "hppa64", "ia64", "ppc64", "ppc64el", "s390x", "sparc64", "x32", "riscv64", "loong64")]
    public void An_architecture_has_a_personality(string program, params string[] architectures) =>
        Assert.That(architectures.Select(Personality.Program), Is.All.EqualTo(program));

    [TestCase("bookworm", "linux64 sbuild x")]
    [TestCase("precise-updates", "linux64 --uname-2.6 sbuild x")]
    [TestCase("hardy", "linux64 --uname-2.6 sbuild x")]
    [TestCase("quantal", "linux64 sbuild x")]
    public void An_old_release_sees_an_old_kernel(string suite, string command) =>
        Assert.That(new Personality("amd64", suite).Wear(Command.Of("sbuild", "x")).ToString(), Is.EqualTo(command));

    [Test]
    public async Task The_configuration_is_valid_Perl(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(
            folder["sbuildrc"], SbuildConfiguration.Write(new BinaryPackageOptions(), "$chroot_mode = 'schroot';", "h'o\\st.example"),
            cancellationToken);

        var result = await ProcessRunner.RunAsync(Command.Of("perl", "-c", folder["sbuildrc"]), _ => { }, null, cancellationToken);

        Assert.That(result.Describe(), Is.EqualTo("exit code 0"));
    }

    [Test]
    public async Task The_configuration_says_what_it_is_meant_to(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        var options = new BinaryPackageOptions { Limits = new BuildLimits { Silence = TimeSpan.FromMinutes(2) } };
        await File.WriteAllTextAsync(
            folder["sbuildrc"], SbuildConfiguration.Write(options, "$chroot_mode = 'schroot';", "host.example"), cancellationToken);

        var said = await ProcessRunner.CaptureAsync(
            Command.Of("perl", "-e", """do $ARGV[0] or die; print "$chroot_mode $sbuild_mode $stalled_pkg_timeout $build_environment->{LANG} $maintainer_name" """, folder["sbuildrc"]),
            cancellationToken);

        Assert.That(said, Is.EqualTo("schroot buildd 7 C.UTF-8 Build Daemon <buildd@host.example>"));
    }
}
