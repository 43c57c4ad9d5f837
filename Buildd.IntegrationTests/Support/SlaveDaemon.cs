using System.Text;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Support;

/// <summary>The real <c>buildd-slave</c> in a process of its own, with a folder of its own.</summary>
internal sealed class SlaveDaemon : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly OrdinaryUser? _user;
    private readonly bool _ownsDirectory;

    /// <summary>No control group around the slave: what it leaves when it is killed is there to be found.</summary>
    private readonly ProcessScope _scope = ProcessScope.Open("slave", withControlGroup: false);
    private Task<ProcessResult>? _run;
    private bool _disposed;

    private SlaveDaemon(string directory, bool ownsDirectory, OrdinaryUser? user = null) =>
        (Directory, _ownsDirectory, _user) = (directory, ownsDirectory, user);

    /// <summary>Holds <c>home</c> and <c>filecache</c>. Entered by the account that builds, so not below /root.</summary>
    internal string Directory { get; }

    internal Uri Url => _ready.Task.Result;

    internal SlaveClient Client => new(_http, new SlaveClientOptions { Url = Url });

    /// <summary>What the daemon has said.</summary>
    internal string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts one that an ordinary user runs, in that user's folder.</summary>
    /// <param name="user">The user.</param>
    /// <param name="before">What root runs, to become it.</param>
    internal static Task<SlaveDaemon> StartAsync(OrdinaryUser user, params IReadOnlyList<string> before)
    {
        var slave = new SlaveDaemon(user.Directory, ownsDirectory: false, user);
        var command = user.Do(Command.Of(user.Program));
        return slave.RunAsync(before.Count == 0 ? command : command.Behind(before[0], before.Skip(1)), user.Configuration);
    }

    /// <summary>The number of its process.</summary>
    internal async Task<int> ProcessIdAsync()
    {
        var pids = await ProcessRunner.CaptureAsync(Command.Of("pgrep", "--full", "--exact", $"{_user?.Program ?? Repository.Program("buildd-slave")} --config {Directory}/buildd.conf .*"));
        return int.Parse(pids.Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>SIGKILL, and wait until it has gone.</summary>
    internal async Task KillAsync()
    {
        await ProcessRunner.CaptureAsync(Command.Of("kill", "-KILL", $"{await ProcessIdAsync()}"));
        await _run!;
    }

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
        var slave = new SlaveDaemon(System.IO.Directory.CreateDirectory($"/var/tmp/buildd-test-{Guid.NewGuid():N}").FullName, ownsDirectory: true);
        System.IO.Directory.CreateDirectory(Path.Combine(slave.Directory, "home"));
        System.IO.Directory.CreateDirectory(Path.Combine(slave.Directory, "filecache"));
        var configuration = Path.Combine(slave.Directory, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"[builder]\nfilecache = {slave.Directory}/filecache\nworkpath = {workDirectory ?? $"{slave.Directory}/home"}\nbindhost = 127.0.0.1\nbindport = 0\n{lines}\n");
        if (program.Length == 0)
            program = [Repository.Program("buildd-slave")];
        return await slave.RunAsync(Command.Of(program[0], program[1..]), configuration);
    }

    /// <summary>Starts one again, on the folders of one that was killed.</summary>
    internal static Task<SlaveDaemon> RestartAsync(SlaveDaemon killed) =>
        new SlaveDaemon(killed.Directory, ownsDirectory: true).RunAsync(Command.Of(Repository.Program("buildd-slave")), Path.Combine(killed.Directory, "buildd.conf"));

    /// <summary>Starts one on <c>buildd.conf</c> in a folder of the caller's, who removes it afterwards.</summary>
    internal static Task<SlaveDaemon> StartInAsync(string directory) =>
        new SlaveDaemon(directory, ownsDirectory: false).RunAsync(Command.Of(Repository.Program("buildd-slave")), Path.Combine(directory, "buildd.conf"));

    private async Task<SlaveDaemon> RunAsync(Command program, string configuration)
    {
        _run = ProcessRunner.RunAsync(
            program.With("--config", configuration, "--until-stdin-closes") with
            {
                KeepsStandardInputOpen = true,
                StopGrace = TimeSpan.FromSeconds(60),
            },
            Hear, _scope, _stop.Token);
        await Task.WhenAny(_ready.Task, _run).WaitAsync(TimeSpan.FromSeconds(30));
        return _ready.Task.IsCompleted ? this : throw new InvalidOperationException($"the slave did not start: {Output}");
    }

    /// <summary>SIGTERM, and wait until it has gone.</summary>
    internal async Task StopAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run!;
        }
        catch (OperationCanceledException)
        {
            // as wanted
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await StopAsync();
        await _scope.DisposeAsync();
        _http.Dispose();
        _stop.Dispose();
        if (_ownsDirectory)
            await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", Directory));
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        const string Sign = " ready at ";
        lock (_output)
        {
            _output.Append(Encoding.UTF8.GetString(bytes));
            var text = _output.ToString();
            if (!_ready.Task.IsCompleted && text.IndexOf(Sign, StringComparison.Ordinal) is var at and > 0 && text.IndexOf('\n', at) is var end and > 0)
                _ready.SetResult(new Uri(text[(at + Sign.Length)..end].Trim()));
        }
    }
}
