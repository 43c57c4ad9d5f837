using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>Containers with an init.</summary>
public class NspawnTests : EnvironmentContract
{
    private string[] _locks = [];

    private protected override string Environment => "nspawn";

    private protected override Task<SlaveDaemon> StartSlaveAsync(string lines)
    {
        Machine.Require(
            File.Exists("/usr/bin/systemd-nspawn"), "systemd-nspawn, of the package systemd-container: run 'make test', which installs it");
        _locks = Containers.FindLocks();
        return base.StartSlaveAsync(lines);
    }

    private string WorkDirectory => Path.Combine(Slave.Directory, "home");

    [Test]
    public async Task A_package_has_an_init_devices_and_processes_of_its_own()
    {
        const string Look = "cat /proc/1/comm > out; systemctl is-system-running >> out; ls /dev | tr '\\n' ' ' >> out; id -un >> out; "
            + "ls /run/buildd 2>&1 | grep -c 'ermission denied' >> out; ls -d /proc/[0-9]* | wc -l >> out; cat /CurrentlyBuilding >> out";

        var wasThere = false;
        var outcome = await RunAsync(await JobAsync("fx-look", Look), _ =>
        {
            wasThere |= Containers.IsThereOne(WorkDirectory, Cookies);
            return ValueTask.CompletedTask;
        });

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(wasThere, "the name that is looked for below");
        Assert.That(
            outcome.Log, Does.Contain("What boots is not in the chroot, and is installed from the build's archives: systemd-sysv dbus")
                .And.Contain("The system has booted: running"));
        var seen = (await ProcessRunner.CaptureAsync(Command.Of(
            "sh", "-c", $"dpkg-deb --fsys-tarfile {Path.Combine(outcome.Folder!, $"fx-look_1.0_{Architecture}.deb")} | tar -xO "
                + "./usr/bin/fx-look"))).Split('\n');
        Assert.That(seen[..2], Is.EqualTo(new[] { "systemd", "running" }));
        Assert.That(seen[2], Does.Match("^.*full.*null.*zero sbuild$").And.Not.Contain("mem ").And.Not.Contain("vda"));
        Assert.That(seen[3], Is.EqualTo("1"), "the door is not for a package");
        Assert.That(int.Parse(seen[4], System.Globalization.CultureInfo.InvariantCulture), Is.LessThan(60), "processes of its own only");
        Assert.That(seen[5], Is.EqualTo("Package: fx-look"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_package_that_needs_what_does_not_exist_waits_for_it()
    {
        var outcome = await RunAsync(await JobAsync("fx-depwait", "true", buildDepends: "no-such-package-dev (>= 1)"));

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "no-such-package-dev (>= 1)")), outcome.Story);
        AssertNothingIsLeft();
    }

    private protected override void AssertNothingIsLeft()
    {
        base.AssertNothingIsLeft();
        Containers.AssertNothingIsLeftAsync(_locks, WorkDirectory, Cookies).GetAwaiter().GetResult();
    }
}
