using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;

namespace Buildd.IntegrationTests.Support;

/// <summary>
/// An account made for a test, a copy of <c>buildd-slave</c> where nobody but root can change it, and sudo's rule for the
/// two, as the program itself prints it.
/// </summary>
internal sealed class OrdinaryUser : IAsyncDisposable
{
    /// <summary>Nobody but root may write there, so that sudo's rule for what is in it is safe. 'scripts/in-memory' knows it too.</summary>
    private const string Parent = "/var/lib/buildd-tests";

    private OrdinaryUser(string name, string directory)
    {
        Name = name;
        Directory = directory;
    }

    internal string Name { get; }

    internal uint Id { get; private set; }

    /// <summary>
    /// Belongs to root; in it the program, the configuration, and <c>home</c> and <c>filecache</c>, which are the user's.
    /// </summary>
    internal string Directory { get; }

    internal string Program => Path.Combine(Directory, "buildd-slave");

    internal string Configuration => Path.Combine(Directory, "buildd.conf");

    private string SudoersFile => $"/etc/sudoers.d/{Name}";

    /// <param name="withRule">Whether sudo gets the rule.</param>
    internal static async Task<OrdinaryUser> CreateAsync(bool withRule = true)
    {
        Machine.Require(File.Exists("/usr/bin/sudo"), "sudo: run 'make test', which installs it");
        var name = $"buildd-t{Guid.NewGuid():N}"[..20];
        var user = new OrdinaryUser(name, System.IO.Directory.CreateDirectory($"{Parent}/{name}").FullName);
        await RootRunAsync(
            "useradd", "--system", "--no-create-home", "--home-dir", Path.Combine(user.Directory, "home"), "--groups", "sbuild", name);
        user.Id = uint.Parse(await RootRunAsync("id", "-u", name), CultureInfo.InvariantCulture);
        await RootRunAsync("install", "-m", "755", Repository.Program("buildd-slave"), user.Program);
        await RootRunAsync("install", "-d", "-o", name, Path.Combine(user.Directory, "home"), Path.Combine(user.Directory, "filecache"));
        await File.WriteAllTextAsync(
            user.Configuration,
            $"[builder]\nuser = {name}\nfilecache = {user.Directory}/filecache\nworkpath = {user.Directory}/home\nbindhost = "
                + "127.0.0.1\nbindport = 0\n");
        if (withRule)
        {
            var rule = await RootRunAsync(user.Program, "root", "--config", user.Configuration, "sudoers");
            await File.WriteAllTextAsync(user.SudoersFile, rule);
            File.SetUnixFileMode(user.SudoersFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            await RootRunAsync("visudo", "--check", "--strict", "--quiet", "--file", user.SudoersFile);
        }

        return user;
    }

    /// <summary>
    /// The first of the numbers that this user has for namespaces: far from everybody's else, and its own by its own number.
    /// </summary>
    private uint FirstSubordinate => 0x2000_0000 + ((Id % 4096) << 16);

    internal string Subordinates => string.Create(CultureInfo.InvariantCulture, $"{FirstSubordinate}-{FirstSubordinate + 65535}");

    /// <summary>Gives this user the numbers that builds in namespaces need. They go with the account.</summary>
    internal Task AddSubordinatesAsync()
    {
        Machine.Require(File.Exists("/usr/bin/newuidmap"), "newuidmap, of the package uidmap: run 'make test', which installs it");
        return RootRunAsync("usermod", "--add-subuids", Subordinates, "--add-subgids", Subordinates, Name);
    }

    /// <summary>The processes that run as one of this user's own numbers.</summary>
    internal IReadOnlyList<string> FindProcessesOfSubordinates() =>
        [.. System.IO.Directory.EnumerateDirectories("/proc").Where(IsOfSubordinate).Select(Describe)];

    private static string Describe(string process)
    {
        try
        {
            var status = string.Join(", ", File.ReadLines(Path.Combine(process, "status")).Take(3));
            return $"{process}: {status} {File.ReadAllText(Path.Combine(process, "cmdline"))}";
        }
        catch (IOException)
        {
            return process;
        }
    }

    private bool IsOfSubordinate(string path)
    {
        try
        {
            // What has ended and only waits for process 1 to notice is none any more: it has no memory. Its state is no sign, since
            // the first process of a namespace of processes sleeps at its end until all others are noticed.
            var lines = File.ReadAllLines(Path.Combine(path, "status"));
            return lines.Any(line => line.StartsWith("VmSize:", StringComparison.Ordinal))
                && lines.FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal)) is { } line
                && line.Split('\t').Skip(1).Select(id => uint.Parse(id, CultureInfo.InvariantCulture))
                .Any(id => id - FirstSubordinate < 65536);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or ended meanwhile
        }
    }

    /// <summary>The command, run by this user, with the groups that a login gives.</summary>
    internal Command Do(Command command) =>
        command.Behind("setpriv", $"--reuid={Name}", $"--regid={Name}", "--init-groups", "--")
            .WithEnvironment("HOME", Path.Combine(Directory, "home")).WithEnvironment("USER", Name);

    /// <summary>Has this user ask for a privileged operation, and returns its exit code and what it said.</summary>
    internal Task<(int Code, string Said)> AskAsync(params string[] operation) =>
        RunAsync(
            Command.Of(
                "sudo", ["-n", "--", Program, "root", "--config", Configuration, .. operation]) with
            { KeepsStandardInputOpen = true });

    /// <summary>Runs a command as this user. What it leaves running is left.</summary>
    internal async Task<(int Code, string Said)> RunAsync(Command command)
    {
        var said = new StringBuilder();
        await using var scope = ProcessScope.Open("ask", withControlGroup: false);
        var result = await ProcessRunner.RunAsync(Do(command), bytes => said.Append(Encoding.UTF8.GetString(bytes)), scope);
        return (result.ExitCode, said.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        // After a test that failed there may be more than there should be.
        await using (var left = ProcessScope.Open("left", Directory, withControlGroup: false))
            await left.KillAllAsync(TimeSpan.FromSeconds(10));
        foreach (
            var point in File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4])
                .Where(point => point.StartsWith(Directory + "/", StringComparison.Ordinal)).Reverse())
            await RootRunAsync("umount", point);
        File.Delete(SudoersFile);
        await RootRunAsync("userdel", Name);
        await RootRunAsync("rm", "-rf", "--one-file-system", "--", Directory);
    }

    private static Task<string> RootRunAsync(string program, params string[] arguments) =>
        ProcessRunner.CaptureAsync(Command.Of(program, arguments));
}
