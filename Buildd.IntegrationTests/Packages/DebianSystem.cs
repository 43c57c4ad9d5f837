using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>
/// A clean Debian system of its own in a folder: packages are installed in it, programs run in it, and it can be booted
/// with a systemd of its own, in a network of its own.
/// </summary>
internal sealed class DebianSystem : IAsyncDisposable
{
    /// <summary>What a machine has that is booted; nothing of what our packages need.</summary>
    private const string Included = "systemd-sysv,dbus,procps,logrotate,ca-certificates,apt-utils";

    private const int RebootCode = 133; // EXIT_FORCE_RESTART of systemd.exec(5)

    private static readonly TimeSpan BootDeadline = TimeSpan.FromSeconds(120);
    private static readonly Lazy<Task<string>> Tarball = new(MakeTarballAsync);

    private readonly SystemGroups _groups;
    private RunningProgram? _nspawn;

    private DebianSystem(string root)
    {
        Root = root;
        _groups = new SystemGroups(Path.GetFileName(root));
    }

    internal string Root { get; }

    /// <summary>The host's number of the system's first process.</summary>
    internal int Leader { get; private set; }

    /// <summary>What is in a file of the system.</summary>
    internal string Read(string path) => File.ReadAllText(Root + path);

    internal static void RequireTools()
    {
        BuildEnvironment.RequireBuildTools();
        foreach (var tool in (string[])["/usr/bin/systemd-nspawn", "/usr/bin/nsenter", "/usr/bin/lintian", "/usr/bin/dpkg-deb"])
            Machine.Require(File.Exists(tool), $"{tool}: run 'make test', which installs it");
    }

    /// <summary>The packages that 'make deb' made, by name.</summary>
    internal static string Package(string name)
    {
        var folder = Path.Combine(Repository.Root, "out", "deb");
        var found = Directory.Exists(folder) ? Directory.GetFiles(folder, $"{name}_*.deb") : [];
        return found.Length == 1 ? found[0] : throw new FileNotFoundException($"there is no {name} in {folder}: run 'make deb' first");
    }

    internal static async Task<DebianSystem> CreateAsync()
    {
        var system = new DebianSystem(Directory.CreateDirectory($"/var/tmp/system-{Guid.NewGuid():N}").FullName);
        await RunOnHostAsync("tar", "--extract", "--numeric-owner", "--directory", system.Root, "--file", await Tarball.Value);
        // The way to the archive is the host's; a name that nobody knows would have sudo ask for it.
        File.Copy("/etc/resolv.conf", system.Root + "/etc/resolv.conf", overwrite: true);
        await File.WriteAllTextAsync(
            system.Root + "/etc/hosts", await File.ReadAllTextAsync("/etc/hosts") + $"\n127.0.1.1 {Environment.MachineName}\n");
        await File.WriteAllTextAsync(system.Root + "/etc/hostname", Environment.MachineName + "\n");
        await File.WriteAllTextAsync(system.Root + "/etc/apt/sources.list", await BuildEnvironment.ArchiveAsync() + "\n");
        await system.MountProcessesAsync();
        await system.RunAsync("apt-get", "update");
        return system;
    }

    /// <summary>A command in the system, which is booted or not.</summary>
    internal Command Inside(params string[] command) =>
        (Leader == 0
            ? Command.Of("chroot", [Root, .. command])
            : Command.Of("nsenter", ["--target", $"{Leader}", "--all", "--", .. command]))
        .WithEnvironment("DEBIAN_FRONTEND", "noninteractive").WithEnvironment("LC_ALL", "C.UTF-8")
        .WithEnvironment("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");

    internal async Task<(int Code, string Said)> TryAsync(params string[] command) => await TryAsync(Inside(command));

    /// <summary>Runs a command in the system and gives what it said; it has to succeed.</summary>
    internal async Task<string> RunAsync(params string[] command)
    {
        var (code, said) = await TryAsync(command);
        Assert.That(code, Is.Zero, $"{string.Join(' ', command)}: {said}");
        return said;
    }

    /// <summary>Copies packages into the system and has its apt install them, with what they need.</summary>
    internal async Task<string> InstallAsync(params string[] packages)
    {
        foreach (var package in packages)
            File.Copy(package, Path.Combine(Root, "root", Path.GetFileName(package)), overwrite: true);
        return await RunAsync(["apt-get", "install", "--yes", .. packages.Select(package => $"/root/{Path.GetFileName(package)}")]);
    }

    /// <summary>Boots the system, and waits until it runs.</summary>
    internal async Task BootAsync()
    {
        // nspawn would leave what is mounted there, and the system would see the machine's processes as its own.
        await RunOnHostAsync("umount", Root + "/proc");
        await StartAsync();
    }

    /// <summary>Boots it again, from inside: nspawn ends with a code that says so, and whoever runs it has to start it anew.</summary>
    internal async Task RebootAsync()
    {
        await TryAsync("systemctl", "reboot");
        Assert.That(await _nspawn!.EndAsync(), Is.EqualTo(RebootCode), _nspawn.Output);
        await EndAsync();
        await StartAsync();
    }

    /// <summary>Ends the system; what was installed in it stays for commands without a boot.</summary>
    internal async Task PowerOffAsync()
    {
        if (_nspawn is null)
            return;
        await TryAsync("systemctl", "poweroff");
        await _nspawn.EndAsync();
        await EndAsync();
        await MountProcessesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        foreach (var process in ProcessTable.RootedAt(Root))
            await TryAsync(Command.Of("kill", "-KILL", $"{process.Pid}"));
        await TryAsync(
            Command.Of("sh", "-c", $"awk '{{print $5}}' /proc/self/mountinfo | grep '^{Root}/' | sort -r | xargs -r umount --lazy"));
        await RunOnHostAsync("rm", "-rf", "--one-file-system", Root);
        await Until.SeenAsync(_groups.RemoveAsync, said => said.Length == 0);
    }

    internal static async Task<(int Code, string Said)> TryAsync(Command command)
    {
        var said = new StringBuilder();
        var result = await ProcessRunner.RunAsync(command, bytes => said.Append(Encoding.UTF8.GetString(bytes)));
        return (result.ExitCode, said.ToString());
    }

    internal static async Task<string> RunOnHostAsync(params string[] command)
    {
        var (code, said) = await TryAsync(Command.Of(command[0], command[1..]));
        Assert.That(code, Is.Zero, $"{string.Join(' ', command)}: {said}");
        return said;
    }

    /// <summary>The machine's processes, for programs in a system that is not booted.</summary>
    private async Task MountProcessesAsync() => await RunOnHostAsync("mount", "-t", "proc", "none", Root + "/proc");

    private async Task StartAsync()
    {
        _nspawn = RunningProgram.Start(_groups.Enter(Command.Of(
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory", Root,
            "--boot", "--console=pipe", "--private-network", "--link-journal=no")));
        await Until.TrueAsync(HasBootedAsync, BootDeadline, () => _nspawn.Output);
    }

    private async Task EndAsync()
    {
        Leader = 0;
        if (_nspawn is not null)
            await _nspawn.DisposeAsync();
        _nspawn = null;
    }

    private async Task<bool> HasBootedAsync()
    {
        Assert.That(_nspawn!.Ended.IsCompleted, Is.False, $"the system did not boot: {_nspawn.Output}");
        Leader = FindLeader();
        if (Leader == 0)
            return false;
        var (_, state) = await TryAsync("systemctl", "is-system-running");
        if (state.Trim() is "running" or "degraded")
            return true;
        Leader = 0;
        return false;
    }

    /// <summary>The one child of nspawn's whose root is the system's.</summary>
    private int FindLeader()
    {
        var nspawn = _nspawn!.ProcessId;
        try
        {
            return File.ReadAllText($"/proc/{nspawn}/task/{nspawn}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))
                .FirstOrDefault(pid => File.ReadAllText($"/proc/{pid}/comm").Trim() == "systemd");
        }
        catch (IOException)
        {
            return 0; // it has just gone
        }
    }

    private static async Task<string> MakeTarballAsync()
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        var machine = await BuildEnvironment.MachineMirrorAsync();
        var recipe = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{machine}\n{Included}")))[..12];
        var path = $"/var/cache/buildd/chroots/system-{suite}-{architecture}-{recipe}.tar";
        if (File.Exists(path))
            return path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await RunOnHostAsync(
            "mmdebstrap", "--quiet", "--variant=apt", $"--include={Included}", "--format=tar", suite, path
                + ".tmp", await BuildEnvironment.ArchiveAsync());
        File.Move(path + ".tmp", path, overwrite: true);
        return path;
    }
}
