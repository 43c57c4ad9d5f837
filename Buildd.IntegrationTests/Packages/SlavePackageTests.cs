using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Support;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>
/// The Debian packages from their installation in a clean system until nothing is left of them. The tests are steps of one
/// story.
/// </summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[CancelAfter(900_000)]
public sealed partial class SlavePackageTests
{
    private const string Unit = "buildd-slave@default.service";
    private const string UnitPath = "/lib/systemd/system/buildd-slave@.service";

    private DebianSystem _system = null!;
    private TemporaryDirectory _folder = null!;

    [OneTimeSetUp]
    public async Task InstallAsync()
    {
        DebianSystem.RequireTools();
        _folder = new TemporaryDirectory();
        _system = await DebianSystem.CreateAsync();
        // What another package of old allows this account; ours takes it back.
        Directory.CreateDirectory(_system.Root + "/etc/sudoers.d");
        await File.WriteAllTextAsync(_system.Root + "/etc/sudoers.d/buildd", "buildd ALL=(ALL:ALL) NOPASSWD: ALL\n");
        var said = await _system.InstallAsync(DebianSystem.Package("buildd-slave"), DebianSystem.Package("buildd-farm"));
        Assert.That(said, Does.Contain("Setting up sbuild"), "apt has fetched what it depends on");
    }

    [OneTimeTearDown]
    public async Task RemoveAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
        _folder?.Dispose();
    }

    [Test]
    public async Task Files_accounts_and_modes_are_as_they_should_be()
    {
        const string Paths =
            "/usr/sbin/buildd-slave /etc/buildd/slave/default.conf /etc/buildd/backends.d /etc/sudoers.d/buildd-slave /var/lib/buildd-slave"
            + " /usr/share/man/man8/buildd-slave.8.gz /usr/share/man/man5/buildd-slave.conf.5.gz "
            + "/usr/share/bash-completion/completions/buildd-slave"
            + " /usr/bin/buildd-farm /etc/buildd-farm/buildd.conf /var/lib/buildd-farm /usr/share/man/man1/buildd-farm.1.gz "
            + "/usr/share/bash-completion/completions/buildd-farm";
        var modes = await _system.RunAsync(["stat", "--format=%n %A %U:%G", .. Paths.Split(' ')]);
        Assert.That(modes.TrimEnd().Split('\n'), Is.EqualTo(new[]
        {
            "/usr/sbin/buildd-slave -rwxr-xr-x root:root",
            "/etc/buildd/slave/default.conf -rw-r--r-- root:root",
            "/etc/buildd/backends.d drwxr-xr-x root:root",
            "/etc/sudoers.d/buildd-slave -r--r----- root:root",
            "/var/lib/buildd-slave drwx--x--x buildd:buildd",
            "/usr/share/man/man8/buildd-slave.8.gz -rw-r--r-- root:root",
            "/usr/share/man/man5/buildd-slave.conf.5.gz -rw-r--r-- root:root",
            "/usr/share/bash-completion/completions/buildd-slave -rw-r--r-- root:root",
            "/usr/bin/buildd-farm -rwxr-xr-x root:root",
            "/etc/buildd-farm/buildd.conf -rw-r--r-- root:root",
            "/var/lib/buildd-farm drwxr-x--- buildd-farm:buildd-farm",
            "/usr/share/man/man1/buildd-farm.1.gz -rw-r--r-- root:root",
            "/usr/share/bash-completion/completions/buildd-farm -rw-r--r-- root:root",
        }));
        Assert.That(
            (await _system.RunAsync("id", "--name", "--groups", "buildd")).Trim()
                .Split(' '), Is.EquivalentTo(new[] { "buildd", "sbuild" }));
        Assert.That(await _system.RunAsync("getent", "passwd", "buildd"), Does.Contain(":/var/lib/buildd-slave:").And.Contain("nologin"));
        Assert.That((await _system.RunAsync("id", "--name", "--groups", "buildd-farm")).Trim(), Is.EqualTo("buildd-farm"));
        Assert.That(
            (await _system.RunAsync("dpkg-query", "--show", "--showformat=${Conffiles}\n", "buildd-slave", "buildd-farm"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0]),
            Is.EquivalentTo(new[] { "/etc/buildd/slave/default.conf", "/etc/sudoers.d/buildd-slave", "/etc/buildd-farm/buildd.conf" }));
        foreach (var unit in (string[])[Unit, "buildd-slave@default.socket", FarmUnit])
            Assert.That(
                (await _system.TryAsync("systemctl", "is-enabled", unit))
                    .Said.Trim(), Is.EqualTo("disabled"), $"{unit}: nothing listens before the administrator says so");

        var version = (
            await DebianSystem.RunOnHostAsync(
                "dpkg-parsechangelog", "--file", Path.Combine(Repository.Root, "debian", "changelog"), "-S", "Version")).Trim();
        Assert.That(await _system.RunAsync("dpkg-query", "--show", "--showformat=${Version}", "buildd-slave"), Is.EqualTo(version));
        foreach (var program in (string[])["buildd-slave", "buildd-farm"])
            Assert.That((await _system.RunAsync(program, "--version")).Trim(), Is.EqualTo(version));
    }

    [Test, DependsOnTest(nameof(Files_accounts_and_modes_are_as_they_should_be))]
    public async Task Systemd_finds_nothing_wrong_with_the_units() =>
        Assert.That(
            await _system.TryAsync(
                "systemd-analyze", "verify", "--man=no", Unit, "buildd-slave@default.socket", FarmUnit), Is.EqualTo((0, "")));

    [Test, DependsOnTest(nameof(Systemd_finds_nothing_wrong_with_the_units))]
    public async Task The_units_expose_no_more_than_the_document_says()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "security.md"));
        foreach (var path in (string[])[UnitPath, $"/lib/systemd/system/{FarmUnit}"])
        {
            var said = await _system.RunAsync("sh", "-c", $"systemd-analyze security --offline=true {path} | tail -n 1");
            var exposure = double.Parse(said.Split(": ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
            var row = document.Split('\n').Single(line => line.StartsWith($"| `{Path.GetFileName(path)}`", StringComparison.Ordinal));
            Assert.That(exposure, Is.LessThanOrEqualTo(double.Parse(row.Split('|')[2], CultureInfo.InvariantCulture)), path);
        }
    }

    [Test, DependsOnTest(nameof(The_units_expose_no_more_than_the_document_says))]
    public async Task Sudo_allows_the_operations_and_nothing_else()
    {
        const string Program = "/usr/sbin/buildd-slave";
        string[] begin = [Program, "root", "--config", "/etc/buildd/slave/default.conf"];
        // By what the program itself says that there is, so that none is forgotten.
        string[] operations =
            [.. OperationNames().Matches(await _system.RunAsync(Program, "root", "--help")).Select(match => match.Groups[1].Value)];
        Assert.That(operations, Is.SupersetOf(new[] { "check", "overlay", "unpack", "inside", "remove" }));
        string[][] allowed =
        [
            .. operations.Select(operation => (string[])[.. begin, operation, "X-1"]),
            [.. begin, "check"],
            [.. begin, "inside", "X-1", "0", "sh", "-c", "echo a\nb * ,:=#\\"],
        ];
        string[][] refused =
        [
            ["/bin/sh"], ["/usr/bin/id"], ["/bin/mount", "--bind", "/", "/mnt"], ["/usr/sbin/chroot", "/"], ["/usr/bin/tee", "/etc/passwd"],
            [Program], [Program, "--config", "/etc/buildd/slave/default.conf"], [Program, "root"], begin, [.. begin, "sudoers"],
            [.. begin, "checkx"], [.. begin, "sh"],
            [Program, "root", "--config", "/tmp/evil.conf", "check"],
            [Program, "root", "--config", "/etc/buildd/slave/../../../tmp/evil.conf", "check"],
            [Program, "root", "--config", "/etc/buildd/slave/-x.conf", "check"],
            [Program, "root", "--config", "/etc/buildd/slave/default.conf /tmp/x.conf", "check"],
            [Program, "root", "--config", "/etc/launchpad-buildd/default", "check"],
            ["/usr/sbin/../../tmp/buildd-slave", "root", "--config", "/etc/buildd/slave/default.conf", "check"],
        ];
        var completion =
            await DebianSystem.RunOnHostAsync("grep", "sudoers", Path.Combine(Repository.Root, "debian", "completion", "buildd-slave"));
        Assert.That(completion.Split('\'')[1].Split(' '), Is.EquivalentTo((string[])[.. operations, "sudoers"]), "bash completes the same");
        foreach (var command in allowed)
            Assert.That((await AsBuilddAsync(["sudo", "-n", "-l", "--", .. command])).Code, Is.Zero, string.Join(' ', command));
        foreach (var command in refused)
        {
            Assert.That((await AsBuilddAsync(["sudo", "-n", "-l", "--", .. command])).Code, Is.Not.Zero, string.Join(' ', command));
            Assert.That(
                (await AsBuilddAsync(["sudo", "-n", "--", .. command])).Said, Does.Contain("sudo: ")
                    .Or.Contain("not allowed"), string.Join(' ', command));
        }

        Assert.That(
            (
                await AsBuilddAsync(
                    "sudo", "-n", "-u", "nobody", "--", Program, "root", "--config", "/etc/buildd/slave/default.conf", "check"))
                        .Code, Is.Not.Zero, "as somebody else");
        Assert.That(
            (
                await _system.TryAsync(
                    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", "sudo", "-n", "-l", "--", Program, "root",
                    "--config", "/etc/buildd/slave/default.conf", "check")).Code, Is.Not.Zero, "for somebody else");
        Assert.That(
            await AsBuilddAsync(
                "sh", "-c", "sleep 5 | sudo -n -- /usr/sbin/buildd-slave root --config /etc/buildd/slave/default.conf check"),
                Is.EqualTo((0, "")), "and it does what it allows");
    }

    [Test, DependsOnTest(nameof(Sudo_allows_the_operations_and_nothing_else))]
    public async Task Run_as_its_unit_says_in_a_network_of_its_own_it_builds_a_package()
    {
        var unit = new UnitFile(_system.Read(UnitPath), "default");
        foreach (var directory in unit["StateDirectory"].Split(' '))
            await _system.RunAsync("install", "-d", "-o", unit["User"], "-g", unit["User"], $"/var/lib/{directory}");
        var command = unit.ToCommand(_system, "/var/lib/buildd-slave")
            .Behind("unshare", "--net", "--", "sh", "-c", "ip link set lo up; exec \"$0\" \"$@\"");
        await using var daemon = await RunningProgram.StartAsync(command, " ready at http://127.0.0.1:8221");

        var driver = new Driver(daemon.ProcessId);
        var status = await driver.StartAsync("CHROOTED-1", await SourcePackage.MakeAsync(_folder.Path, "fx-chrooted", "id -un > out"));

        await RequireGoodBuildAsync(driver, status, "fx-chrooted");
        Assert.That((await driver.CallAsync("info"))[0].GetString(), Is.EqualTo("1.0"));
        await driver.CallAsync("clean");
        Assert.That(
            (await AsBuilddAsync("sh", "-c", "ls -d /var/lib/buildd-slave/default/build-*"))
                .Code, Is.Not.Zero, "no folder of a build is left");
        Assert.That(await daemon.StopAsync(), Is.Zero, daemon.Output);
    }

    [Test, DependsOnTest(nameof(Run_as_its_unit_says_in_a_network_of_its_own_it_builds_a_package))]
    public async Task Systemd_starts_it_when_it_answers_and_shows_what_it_does()
    {
        await _system.BootAsync();

        InstallingDocument.RequireSameInDetail();
        foreach (var command in InstallingDocument.SlaveCommands())
            await _system.RunAsync(command);

        // Started means ready: the first call is answered.
        Assert.That((await CallAsync("status")).GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.IDLE"));
        await Until.SeenAsync(() => ShowAsync("StatusText"), text => text == "idle; listens at http://127.0.0.1:8221");
        Assert.That((await ShowAsync("Type", "User", "KillMode")).Split('\n'), Is.EquivalentTo(new[] { "notify", "buildd", "mixed" }));
        var pid = await ShowAsync("MainPID");
        Assert.That(
            await _system.RunAsync(
                "cat", $"/proc/{pid}/cgroup"), Does.Contain($"/{Unit}/slave\n"), "it makes room for the groups of builds");
        Assert.That(await _system.RunAsync("ls", "-l", $"/proc/{pid}/fd"), Does.Not.Contain("No such"));
        Assert.That(await _system.RunAsync("journalctl", "--no-pager", "--unit", Unit), Does.Contain("ready at http://127.0.0.1:8221"));
    }

    [Test, DependsOnTest(nameof(The_farm_runs_as_a_unit_and_builds_on_the_slave))]
    public async Task Reload_reads_again_and_keeps_the_process()
    {
        var pid = await ShowAsync("MainPID");
        var commands = InstallingDocument.InstanceCommands("default");
        Assert.That(commands, Has.Some.EqualTo(new[] { "systemctl", "reload", "buildd-slave@default" }));
        foreach (var command in commands)
            await _system.RunAsync(command);
        await Until.SeenAsync(() => ShowAsync("ActiveState"), state => state == "active");
        Assert.That(await ShowAsync("MainPID"), Is.EqualTo(pid));
        Assert.That((await CallAsync("status")).GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.IDLE"));
    }

    [Test, DependsOnTest(nameof(Reload_reads_again_and_keeps_the_process))]
    public async Task A_build_is_shown_and_ended_tidily_when_the_service_is_stopped()
    {
        var source = await SourcePackage.MakeAsync(_folder.Path, "fx-sleeps", "echo going to sleep; touch out; sleep 1000");
        await Driver.StartAsync("BOOTED-1", source, until: "\ngoing to sleep");
        await Until.SeenAsync(() => ShowAsync("StatusText"), text => text == "building BOOTED-1 (binarypackage): sbuild");
        // What is built is systemd's to end with the unit, in a group of its own that the slave ends with the build.
        Assert.That(
            await _system.RunAsync("sh", "-c", "for pid in $(pgrep --exact sleep); do cat /proc/$pid/cgroup; done"), Does.Match(
                $"/{Regex.Escape(Unit)}/buildd-[^/\n]*\n"));

        await _system.RunAsync("systemctl", "stop", Unit);

        Assert.That(
            await ShowAsync("Result", "ExecMainStatus"), Is.EqualTo("success\n0").Or.EqualTo("0\nsuccess"), "nothing had to be killed");
        await _system.RunAsync("systemctl", "start", Unit);
        var status = await CallAsync("status");
        Assert.That(status.GetProperty("build_status").GetString(), Is.EqualTo("BuildStatus.BUILDERFAIL"));
        Assert.That(await Driver.FetchAsync("buildlog"), Does.Contain("The slave is being stopped; the build is ended."));
        Assert.That(
            (await _system.TryAsync("sh", "-c", "ls -d /var/lib/buildd-slave/default/build-* || pgrep --exact sleep"))
                .Code, Is.Not.Zero, "nothing is left of it");
        await CallAsync("clean");
    }

    [Test, DependsOnTest(nameof(A_build_is_shown_and_ended_tidily_when_the_service_is_stopped))]
    public async Task A_slave_that_hangs_is_started_anew_by_the_watchdog()
    {
        // As the unit, but for the times: two minutes are too long for a test.
        Directory.CreateDirectory(_system.Root + $"/etc/systemd/system/{Unit}.d");
        await File.WriteAllTextAsync(
            _system.Root + $"/etc/systemd/system/{Unit}.d/test.conf", "[Service]\nWatchdogSec=8\nTimeoutAbortSec=1\nRestartSec=100ms\n");
        await _system.RunAsync("systemctl", "daemon-reload");
        await _system.RunAsync("systemctl", "restart", Unit);
        var pid = await ShowAsync("MainPID");
        await Task.Delay(TimeSpan.FromSeconds(17)); // twice the time: signs of life do come
        Assert.That(await ShowAsync("MainPID"), Is.EqualTo(pid));

        await _system.RunAsync("kill", "-STOP", pid);

        await Until.SeenAsync(() => ShowAsync("NRestarts", "ActiveState"), state => state is "1\nactive" or "active\n1");
        Assert.That(await ShowAsync("MainPID"), Is.Not.EqualTo(pid));
        Assert.That((await CallAsync("status")).GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.IDLE"));
        Assert.That(await _system.RunAsync("journalctl", "--no-pager", "--unit", Unit), Does.Contain("Watchdog timeout"));
        Directory.Delete(_system.Root + $"/etc/systemd/system/{Unit}.d", recursive: true);
        await _system.RunAsync("systemctl", "daemon-reload");
        await _system.RunAsync("systemctl", "stop", Unit);
    }

    [Test, DependsOnTest(nameof(A_slave_that_hangs_is_started_anew_by_the_watchdog))]
    public async Task Systemd_listens_in_its_place_and_starts_it_for_the_first_call()
    {
        await _system.RunAsync("systemctl", "start", "buildd-slave@default.socket");
        Assert.That(await ShowAsync("ActiveState"), Is.EqualTo("inactive"));

        Assert.That((await CallAsync("status")).GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.IDLE"));

        Assert.That(await ShowAsync("ActiveState"), Is.EqualTo("active"));
        // Started anew while somebody calls: it waits, and is not refused.
        var restart = _system.RunAsync("systemctl", "restart", Unit);
        while (!restart.IsCompleted)
            Assert.That((await CallAsync("status")).GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.IDLE"));
        await restart;
    }

    [Test, DependsOnTest(nameof(Systemd_listens_in_its_place_and_starts_it_for_the_first_call))]
    public async Task Nothing_that_is_built_inherits_the_socket()
    {
        var source = await SourcePackage.MakeAsync(_folder.Path, "fx-inherits", "(ls -l /proc/self/fd; env) > out");
        var status = await Driver.StartAsync("BOOTED-2", source);

        await RequireGoodBuildAsync(Driver, status, "fx-inherits");
        var inherited = await BuiltAsync(Driver, status, "fx-inherits");
        Assert.That(
            inherited, Does.Contain("/proc/").And.Not.Contain("socket:").And.Not.Contain("LISTEN_").And.Not.Contain("NOTIFY_SOCKET")
                .And.Not.Contain("WATCHDOG_"));
    }

    [Test, DependsOnTest(nameof(Nothing_that_is_built_inherits_the_socket))]
    public async Task A_reboot_keeps_a_result_that_waits()
    {
        var before = await CallAsync("status");
        Assert.That(before.GetProperty("builder_status").GetString(), Is.EqualTo("BuilderStatus.WAITING"));
        var wanted = await BuiltAsync(Driver, before, "fx-inherits");

        await _system.RebootAsync();

        await Until.SeenAsync(() => ShowAsync("ActiveState"), state => state == "active"); // enabled above
        var after = await CallAsync("status");
        Assert.That(after.GetRawText(), Is.EqualTo(before.GetRawText()));
        Assert.That(await BuiltAsync(Driver, after, "fx-inherits"), Is.EqualTo(wanted));
    }

    [Test, DependsOnTest(nameof(A_reboot_keeps_a_result_that_waits))]
    public async Task Removing_keeps_what_is_the_user_s_and_purging_keeps_what_policy_says()
    {
        await File.WriteAllTextAsync(_system.Root + "/etc/buildd/slave/other.conf", "# the administrator's own\n");
        var files = await _system.RunAsync("sh", "-c", "cd /var/lib/buildd-slave && find . -type f | sort");
        Assert.That(files, Does.Contain("builder.journal"));

        await _system.RunAsync("apt-get", "remove", "--yes", "buildd-slave", "buildd-farm");
        Assert.That((await ShowAsync("ActiveState", "MainPID")).Split('\n'), Is.EquivalentTo(new[] { "inactive", "0" }));
        Assert.That(
            await _system.RunAsync(
                "sh", "-c", "cd /var/lib/buildd-slave && find . -type f | sort"), Is.EqualTo(files), "what waits is kept");
        Assert.That(File.Exists(_system.Root + "/etc/buildd/slave/default.conf"));
        Assert.That(File.Exists(_system.Root + "/usr/sbin/buildd-slave"), Is.False);

        await _system.RunAsync("apt-get", "purge", "--yes", "buildd-slave", "buildd-farm");
        Assert.That((await _system.RunAsync(
            "sh", "-c", "find /etc /lib/systemd /usr /var /home /run -xdev \\( -name '*buildd-slave*' -o -name '*buildd-farm*' \\) ! "
                + "-path '/var/log/apt/*' ! -path '/var/log/journal/*' ! -path '/run/systemd/*' | sort")).Trim(),
            Is.Empty);
        Assert.That(
            Directory.GetFiles(_system.Root + "/etc/buildd", "*", SearchOption.AllDirectories)
                .Select(Path.GetFileName), Is.EqualTo(new[] { "other.conf" }), "what the administrator has made");
        Assert.That((await _system.RunAsync("getent", "passwd", "buildd")), Does.StartWith("buildd:"), "accounts stay, as policy advises");
        await _system.PowerOffAsync();
    }

    /// <summary>The lines of a help that name an operation.</summary>
    [GeneratedRegex("^  ([a-z-]+)  +[A-Za-z]", RegexOptions.Multiline)]
    private static partial Regex OperationNames();

    private Driver Driver => new(_system.Leader);

    private Task<JsonElement> CallAsync(string method) => Driver.CallAsync(method);

    private async Task<string> ShowAsync(params string[] properties) =>
        (await _system.RunAsync(["systemctl", "show", "--value", .. properties.Select(property => $"--property={property}"), Unit])).Trim();

    private Task<(int Code, string Said)> AsBuilddAsync(params string[] command) =>
        _system.TryAsync(["setpriv", "--reuid=buildd", "--regid=buildd", "--init-groups", "--", .. command]);

    private static async Task RequireGoodBuildAsync(Driver driver, JsonElement status, string package)
    {
        var log = await driver.FetchAsync("buildlog");
        Assert.That(status.GetProperty("build_status").GetString(), Is.EqualTo("BuildStatus.OK"), log);
        Assert.That(await BuiltAsync(driver, status, package), Is.Not.Empty);
    }

    /// <summary>The one file in the package that was built.</summary>
    private static async Task<string> BuiltAsync(Driver driver, JsonElement status, string package)
    {
        var (_, architecture) = await BuildEnvironment.ReleaseAsync();
        var sha1 = status.GetProperty("filemap").GetProperty($"{package}_1.0_{architecture}.deb").GetString()!;
        using var folder = new TemporaryDirectory();
        return await driver.UnpackAsync(sha1, folder["package.deb"], $"./usr/bin/{package}");
    }
}
