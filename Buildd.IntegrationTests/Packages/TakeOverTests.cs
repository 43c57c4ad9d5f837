using Buildd.IntegrationTests.Support;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>A booted system that runs two instances of the original, and then ours. The tests are steps of one story.</summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[CancelAfter(900_000)]
public sealed class TakeOverTests
{
    private const int FirstPort = 8221;
    private const int SecondPort = 8231;
    private const string Sum = "f572d396fae9206628714fb2ce00f72e94f2258f"; // of "hello\n"

    private DebianSystem _system = null!;
    private TemporaryDirectory _folder = null!;
    private string _configuration = "";

    [OneTimeSetUp]
    public async Task InstallTheOldAsync()
    {
        DebianSystem.RequireTools();
        _folder = new TemporaryDirectory();
        _system = await DebianSystem.CreateAsync();
        await _system.InstallAsync(await OldInstallation.MakeAsync(_folder));

        // A second instance whose file is of before version 190, with a cache in which something waits.
        await File.WriteAllTextAsync(
            _system.Root + "/etc/launchpad-buildd/second",
            """
            [slave]
            architecturetag = hppa
            filecache = /home/buildd/filecache-second
            bindhost = localhost
            bindport = 8231
            unpackpath = /usr/share/launchpad-buildd/slavebin/unpack-chroot

            [snapmanager]
            proxyport = 8232

            """);
        await _system.RunAsync("install", "-d", "-o", "buildd", "-g", "buildd", "/home/buildd/filecache-second");
        await File.WriteAllTextAsync($"{_system.Root}/home/buildd/filecache-second/{Sum}", "hello\n");
        await File.WriteAllTextAsync(_system.Root + "/etc/launchpad-buildd/default.old~", "no instance");
        await File.WriteAllTextAsync(_system.Root + "/etc/default/launchpad-buildd", "RUN_NETWORK_REQUESTS_AS_ROOT=yes\n");
        await File.WriteAllTextAsync(_system.Root + "/var/log/launchpad-buildd/default.log", "2026-11-20 12:00:00+0000 [-] of old\n");
        await _system.RunAsync("chown", "-R", "buildd:buildd", "/home/buildd", "/var/log/launchpad-buildd");
        _configuration = await ConfigurationAsync();
        await _system.BootAsync();
        Assert.That(
            (await _system.RunAsync("systemctl", "is-active", "launchpad-buildd@default", "launchpad-buildd@second"))
                .Trim(), Is.EqualTo("active\nactive"), "the old ones run");
    }

    [OneTimeTearDown]
    public async Task RemoveAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
        _folder?.Dispose();
    }

    [Test]
    public async Task Both_instances_go_on_with_their_port_cache_and_architecture()
    {
        var said = await _system.InstallAsync([.. InstallingDocument.TakeOverPackages().Select(DebianSystem.Package)]);

        Assert.That(said, Does.Contain("Removing launchpad-buildd (229)"));
        Assert.That(await ConfigurationAsync(), Is.EqualTo(_configuration), "nothing of it was changed");
        await WaitAsync();
        Assert.Multiple(async () =>
        {
            Assert.That((await First.CallAsync("info"))[1].GetString(), Is.EqualTo("amd64"));
            Assert.That((await Second.CallAsync("info"))[1].GetString(), Is.EqualTo("hppa"));
            Assert.That(await Second.FetchAsync(Sum), Is.EqualTo("hello\n"), "the cache is the old one");
            Assert.That((await First.TryAsync("fetch", Sum)).Code, Is.Not.Zero, "and its own");
            Assert.That((await _system.TryAsync("systemctl", "is-active", "launchpad-buildd@default.old~")).Code, Is.Not.Zero);
        });
        Assert.That(
            await _system.RunAsync("systemctl", "show", "--value", "--property=User", "launchpad-buildd@second"), Is.EqualTo("buildd\n"));
        Assert.That(await _system.RunAsync("id", "--user", "buildd"), Is.EqualTo("2001\n"), "the account is the old one");
        // The reference never looks at bindhost: its second file says localhost, and masters are elsewhere.
        Assert.That(
            await _system.RunAsync("cat", "/proc/net/tcp"), Does.Contain($"00000000:{FirstPort:X4} ")
                .And.Contain($"00000000:{SecondPort:X4} "));
    }

    [Test, DependsOnTest(nameof(Both_instances_go_on_with_their_port_cache_and_architecture))]
    public async Task Systemd_finds_nothing_wrong_with_the_units() =>
        Assert.That(
            await _system.TryAsync("systemd-analyze", "verify", "--man=no", "launchpad-buildd.service", "launchpad-buildd@default.service"),
            Is.EqualTo((0, "")));

    [Test, DependsOnTest(nameof(Systemd_finds_nothing_wrong_with_the_units))]
    public async Task The_account_may_no_longer_do_everything_as_root()
    {
        string[] rule = ["/usr/sbin/buildd-slave", "root", "--config", "/etc/launchpad-buildd/second", "check"];
        Assert.That((await AsBuilddAsync(["sudo", "-n", "-l", "--", .. rule])).Code, Is.Zero);
        Assert.That((await AsBuilddAsync("sudo", "-n", "-l", "--", "/bin/sh")).Code, Is.Not.Zero);
        Assert.That(
            (
                await AsBuilddAsync(
                    "sudo", "-n", "-l", "--", "/usr/sbin/buildd-slave", "root", "--config", "/etc/launchpad-buildd/../passwd", "check"))
                        .Code, Is.Not.Zero);
    }

    [Test, DependsOnTest(nameof(The_account_may_no_longer_do_everything_as_root))]
    public async Task A_package_is_built()
    {
        var status = await First.StartAsync("TAKEN-1", await SourcePackage.MakeAsync(_folder.Path, "fx-taken", "id -un > out"));

        Assert.That(status.GetProperty("build_status").GetString(), Is.EqualTo("BuildStatus.OK"), await First.FetchAsync("buildlog"));
        await First.CallAsync("clean");
    }

    [Test, DependsOnTest(nameof(A_package_is_built))]
    public async Task Old_scripts_restart_it_read_its_log_and_make_instances()
    {
        const string Log = "/var/log/launchpad-buildd/default.log";
        Assert.That(
            _system.Read(Log), Does.StartWith("2026-11-20 12:00:00+0000 [-] of old\n").And.Contain(" listens at http://0.0.0.0:8221"));
        Assert.That(await _system.RunAsync("stat", "--format=%a %U", Log), Is.EqualTo("644 buildd\n"));
        var pids = await PidsAsync();
        Assert.That((await _system.RunAsync("cat", "/run/launchpad-buildd/default.pid")).Trim(), Is.EqualTo(pids[0]));

        await _system.RunAsync("service", "launchpad-buildd", "restart");
        await WaitAsync();
        Assert.That(await PidsAsync(), Has.No.Member(pids[0]).And.No.Member(pids[1]));

        // What logrotate does, by the file that the old package has left and by ours: the log is opened again.
        pids = await PidsAsync();
        Assert.That(await _system.TryAsync("logrotate", "--force", "/etc/logrotate.conf"), Is.EqualTo((0, "")));
        await Until.SeenAsync(
            () => _system.RunAsync("ls", "-l", $"/proc/{pids[0]}/fd"), links => links.Contains($"-> {Log}\n", StringComparison.Ordinal));
        Assert.That(await PidsAsync(), Is.EqualTo(pids), "the processes are the same");

        var generated = await _system.RunAsync(
            "/usr/share/launchpad-buildd/buildd-genconfig", "-n", "third", "-H", "0.0.0.0", "-p", "8241", "-a", "riscv64", "--proxy-port",
            "8242");
        Assert.That(
            generated.Split('\n'), Is.SupersetOf(
                new[]
                {
                    "[builder]",
                    "architecturetag = riscv64",
                    "filecache = /home/buildd/filecache-third",
                    "bindhost = 0.0.0.0",
                    "bindport = 8241",
                    "proxyport = 8242",
                }));
        Assert.That((await _system.TryAsync("/usr/share/launchpad-buildd/buildd-genconfig", "-n", "a/b")).Code, Is.EqualTo(2));
        await File.WriteAllTextAsync(_system.Root + "/etc/launchpad-buildd/third", generated);
        await _system.RunAsync("systemctl", "daemon-reload");
        await _system.RunAsync("service", "launchpad-buildd", "restart");
        await WaitAsync();
        Assert.That((await new Driver(_system.Leader, 8241).CallAsync("info"))[1].GetString(), Is.EqualTo("riscv64"));
        File.Delete(_system.Root + "/etc/launchpad-buildd/third");
    }

    [Test, DependsOnTest(nameof(Old_scripts_restart_it_read_its_log_and_make_instances))]
    public async Task Without_the_administrator_s_yes_nothing_listens()
    {
        await File.WriteAllTextAsync(_system.Root + "/etc/default/launchpad-buildd", "RUN_NETWORK_REQUESTS_AS_ROOT=no\n");
        await _system.RunAsync("service", "launchpad-buildd", "restart");
        Assert.That(
            (await _system.TryAsync("systemctl", "is-active", "launchpad-buildd@default", "launchpad-buildd@second"))
                .Said.Trim(), Is.EqualTo("inactive\ninactive"));
        await File.WriteAllTextAsync(_system.Root + "/etc/default/launchpad-buildd", "RUN_NETWORK_REQUESTS_AS_ROOT=yes\n");
        await _system.RunAsync("service", "launchpad-buildd", "restart");
        await WaitAsync();
    }

    [Test, DependsOnTest(nameof(Without_the_administrator_s_yes_nothing_listens))]
    public async Task Removing_leaves_what_there_was()
    {
        await _system.RunAsync("apt-get", "remove", "--yes", "buildd-slave", "buildd-slave-drop-in");
        Assert.That(await ConfigurationAsync(), Is.EqualTo(_configuration));
        Assert.That((await _system.TryAsync("pgrep", "buildd-slave")).Code, Is.Not.Zero, "none of ours runs");

        await _system.RunAsync("apt-get", "install", "--yes", "/root/launchpad-buildd_229_all.deb");
        Assert.That(await ConfigurationAsync(), Is.EqualTo(_configuration), "and the old package finds it");

        await _system.RunAsync("apt-get", "purge", "--yes", "buildd-slave", "buildd-slave-drop-in");
        Assert.That(await ConfigurationAsync(), Is.EqualTo(_configuration), "nor does purging ours take what is the other's");
        Assert.That(_system.Read($"/home/buildd/filecache-second/{Sum}"), Is.EqualTo("hello\n"));
        await _system.PowerOffAsync();
    }

    private Driver First => new(_system.Leader, FirstPort);

    private Driver Second => new(_system.Leader, SecondPort);

    /// <summary>Until the service has been started as a whole: it is so after its instances.</summary>
    private async Task WaitAsync() =>
        await Until.SeenAsync(
            async () => (
                await _system.TryAsync("systemctl", "is-active", "launchpad-buildd", "launchpad-buildd@default", "launchpad-buildd@second"))
                    .Said.Trim(),
            state => state == "active\nactive\nactive");

    private async Task<string[]> PidsAsync() =>
        (
            await _system.RunAsync(
                "systemctl", "show", "--value", "--property=MainPID", "launchpad-buildd@default", "launchpad-buildd@second"))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private Task<(int Code, string Said)> AsBuilddAsync(params string[] command) =>
        _system.TryAsync(["setpriv", "--reuid=buildd", "--regid=buildd", "--init-groups", "--", .. command]);

    /// <summary>Everything that belongs to the old installation's configuration, with owners and modes.</summary>
    private Task<string> ConfigurationAsync() => _system.RunAsync(
        "sh", "-c",
        "for f in $(find /etc/launchpad-buildd -type f) /etc/default/launchpad-buildd /etc/sudoers.d/buildd "
            + "/etc/logrotate.d/launchpad-buildd /etc/source-dependencies; do stat -c '%n %a %U:%G' $f; sha256sum < $f; done | sort; "
            + "getent passwd buildd; getent group buildd");
}
