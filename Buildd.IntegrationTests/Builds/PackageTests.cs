using Buildd.IntegrationTests.Environments;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>In a folder that is unpacked for each build.</summary>
public sealed class ChrootPackageTests() : PackageContract("chroot")
{
    [Test]
    public async Task A_machine_that_is_thrown_away_is_left_as_it_is()
    {
        var job = await JobAsync(
            await SourcesAsync("fx-fast", "echo built > out"), arguments =>
                arguments with { Others = new XmlRpcStruct { ["fast_cleanup"] = true } });
        var chroot = Path.Combine(Slave.Directory, "home", "build-" + job.Cookie, "chroot-autobuild");
        try
        {
            var outcome = await RunAsync(job);

            Assert.That(outcome.Succeeded, outcome.Story);
            Assert.That(Phases, Has.Some.EqualTo("reap").And.None.EqualTo("umount").And.None.EqualTo("cleanup"));
            Assert.That(Directory.Exists(Path.Combine(chroot, "proc", "self")), Is.True, "/proc is still mounted");
            Assert.That(ProcessTable.RootedAt(chroot), Is.Empty);
            Assert.That(Directory.GetFiles("/etc/schroot/chroot.d").Select(File.ReadAllText), Has.None.Contain(chroot));
        }
        finally
        {
            await ProcessRunner.CaptureAsync(Command.Of(
                "sh", "-c", "umount \"$1/proc\" \"$1/dev/pts\" \"$1/sys\" \"$1/dev/shm\" && rm -rf --one-file-system \"$(dirname \"$1\")\"",
                "sh", chroot));
        }
    }
}

/// <summary>In an overlay on a folder that is unpacked once.</summary>
public sealed class OverlayPackageTests() : PackageContract("overlay");

/// <summary>In namespaces of a slave that is not root, and for which sudo has no rule.</summary>
public sealed class UnsharePackageTests() : PackageContract("unshare")
{
    private OrdinaryUser? _user;

    private protected override async Task<SlaveDaemon> StartSlaveAsync(string lines, IReadOnlyList<string> before)
    {
        _user = await OrdinaryUser.CreateAsync(withRule: false);
        await _user.AddSubordinatesAsync();
        await File.AppendAllTextAsync(_user.Configuration, lines + "\n");
        return await SlaveDaemon.StartAsync(_user, before);
    }

    private protected override void AssertNothingIsLeft()
    {
        base.AssertNothingIsLeft();
        Assert.That(_user!.FindProcessesOfSubordinates(), Is.Empty, "processes of the users of a namespace");
    }

    private protected override async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
    }
}

/// <summary>In containers with an init.</summary>
public sealed class NspawnPackageTests() : PackageContract("nspawn")
{
    /// <summary>What boots: the test's own archive has none of it.</summary>
    private static readonly string InitScript = Scripts.Text(typeof(ChrootPackageTests), "Builds/add-init.sh");

    private readonly string[] _locks = Containers.FindLocks();

    [Test]
    public async Task A_build_in_a_container_sees_the_kernel_as_old_as_its_release_wants_it()
    {
        var outcome = await RunAsync(await JobAsync(
            await SourcesAsync("fx-old", "echo kernel `uname -r`; echo built > out"), arguments => arguments with { Series = "precise" }));

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(outcome.Log, Does.Match(@"(?m)^kernel 2\.6\."));
    }

    private protected override async Task MakeChrootAsync(string tarball, string target) =>
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", InitScript, "sh", tarball, target, await BuildEnvironment.ArchiveAsync()));

    private protected override Task<SlaveDaemon> StartSlaveAsync(string lines, IReadOnlyList<string> before)
    {
        Machine.Require(
            File.Exists("/usr/bin/systemd-nspawn"), "systemd-nspawn, of the package systemd-container: run 'make test', which installs it");
        return base.StartSlaveAsync(lines, before);
    }

    private protected override void AssertNothingIsLeft()
    {
        base.AssertNothingIsLeft();
        Containers.AssertNothingIsLeftAsync(_locks, Path.Combine(Slave.Directory, "home"), Cookies).GetAwaiter().GetResult();
    }
}
