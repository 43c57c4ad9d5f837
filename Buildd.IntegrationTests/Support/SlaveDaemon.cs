using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;

namespace Buildd.IntegrationTests.Support;

/// <summary>The real <c>buildd-slave</c> in a process of its own, with a folder of its own.</summary>
internal sealed class SlaveDaemon : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly bool _ownsDirectory;
    private readonly RunningProgram _program;
    private bool _disposed;

    private SlaveDaemon(string directory, bool ownsDirectory, RunningProgram program, Uri url) =>
        (Directory, _ownsDirectory, _program, Url) = (directory, ownsDirectory, program, url);

    /// <summary>Holds <c>home</c> and <c>filecache</c>. Entered by the account that builds, so not below /root.</summary>
    internal string Directory { get; }

    internal Uri Url { get; }

    internal SlaveClient Client => new(_http, new SlaveClientOptions { Url = Url });

    /// <summary>What the daemon has said.</summary>
    internal string Output => _program.Output;

    /// <summary>The number of its process.</summary>
    internal int ProcessId => _program.ProcessId;

    /// <summary>Starts one that an ordinary user runs, in that user's folder.</summary>
    /// <param name="user">The user.</param>
    /// <param name="before">What root runs, to become it.</param>
    internal static Task<SlaveDaemon> StartAsync(OrdinaryUser user, params IReadOnlyList<string> before)
    {
        var command = user.Do(Command.Of(user.Program));
        command = before.Count == 0 ? command : command.Behind(before[0], before.Skip(1));
        return RunAsync(command, user.Configuration, user.Directory, ownsDirectory: false);
    }

    /// <summary>SIGKILL to the daemon alone; returns when it has gone. What it leaves is there to be found.</summary>
    internal Task KillAsync() => _program.KillAsync();

    /// <summary>
    /// How to run the daemon so that a file's mode means something to it: root may read any file, unless it is without these
    /// capabilities.
    /// </summary>
    internal static string[] WithoutFileCapabilities =>
    [
        .. Environment.IsPrivilegedProcess ? (string[])["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] : [],
        Repository.Program("buildd-slave"),
    ];

    /// <param name="program">The daemon and what stands before its name; the published one if empty.</param>
    internal static Task<SlaveDaemon> StartAsync(params string[] program) => StartWithAsync("", null, program);

    /// <summary>Starts one with more in its configuration.</summary>
    internal static Task<SlaveDaemon> StartWithAsync(string lines, params string[] program) => StartWithAsync(lines, null, program);

    /// <param name="lines">More lines of the configuration, behind those of <c>[builder]</c>.</param>
    /// <param name="workDirectory">Where builds are made; null means a folder beside the cache.</param>
    /// <param name="program">As above.</param>
    internal static async Task<SlaveDaemon> StartWithAsync(string lines, string? workDirectory, string[] program)
    {
        var folder = System.IO.Directory.CreateDirectory($"/var/tmp/buildd-test-{Guid.NewGuid():N}").FullName;
        var home = System.IO.Directory.CreateDirectory(Path.Combine(folder, "home")).FullName;
        var cache = System.IO.Directory.CreateDirectory(Path.Combine(folder, "filecache")).FullName;
        var configuration = Path.Combine(folder, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"[builder]\nfilecache = {cache}\nworkpath = {workDirectory ?? home}\nbindhost = 127.0.0.1\nbindport = 0\n{lines}\n");
        if (program.Length == 0)
            program = [Repository.Program("buildd-slave")];
        return await RunAsync(Command.Of(program[0], program[1..]), configuration, folder, ownsDirectory: true);
    }

    /// <summary>Starts one again, on the folders of one that was killed.</summary>
    internal static Task<SlaveDaemon> RestartAsync(SlaveDaemon killed) =>
        StartInAsync(killed.Directory, ownsDirectory: true);

    /// <summary>Starts one on <c>buildd.conf</c> in a folder of the caller's, who removes it afterwards.</summary>
    internal static Task<SlaveDaemon> StartInAsync(string directory) => StartInAsync(directory, ownsDirectory: false);

    /// <summary>Sends a signal to the daemon.</summary>
    internal Task SignalAsync(string signal) => _program.SignalAsync(signal);

    /// <summary>SIGTERM, and wait until it has gone.</summary>
    internal Task StopAsync() => _program.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _program.DisposeAsync();
        _http.Dispose();
        if (_ownsDirectory)
            await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", Directory));
    }

    private static Task<SlaveDaemon> StartInAsync(string directory, bool ownsDirectory) => RunAsync(
        Command.Of(Repository.Program("buildd-slave")), Path.Combine(directory, "buildd.conf"), directory, ownsDirectory);

    private static async Task<SlaveDaemon> RunAsync(Command command, string configuration, string directory, bool ownsDirectory)
    {
        const string Sign = " ready at ";
        command = command.With("--config", configuration, "--until-stdin-closes") with
        {
            KeepsStandardInputOpen = true,
            StopGrace = TimeSpan.FromSeconds(60),
        };
        var program = await RunningProgram.StartAsync(command, Sign);
        return new SlaveDaemon(directory, ownsDirectory, program, new Uri(await program.LineAfterAsync(Sign)));
    }
}
