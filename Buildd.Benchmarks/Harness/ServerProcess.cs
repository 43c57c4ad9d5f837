using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Buildd.Benchmarks.Peers;
using CliWrap;

namespace Buildd.Benchmarks.Harness;

/// <summary>A published server in a process of its own, so that its processor time and memory are its own too.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly CommandTask<CommandResult> _run;
    private readonly CancellationTokenSource _kill;
    private readonly Process _process;

    private ServerProcess(CommandTask<CommandResult> run, CancellationTokenSource kill, Uri url, string cacheDirectory, TimeSpan startTime)
    {
        _run = run;
        _kill = kill;
        _process = Process.GetProcessById(run.ProcessId);
        Url = url;
        CacheDirectory = cacheDirectory;
        StartTime = startTime;
    }

    internal Uri Url { get; }

    /// <summary>The slave's file cache; an empty folder for what is no slave.</summary>
    internal string CacheDirectory { get; }

    /// <summary>From the start of the process to its first answer.</summary>
    internal TimeSpan StartTime { get; }

    /// <summary>The processor time that the process has used, in user and kernel mode together, in steps of 10 ms.</summary>
    internal TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The memory of the process that is resident now, in MiB.</summary>
    internal double ResidentMiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1024.0 / 1024;
        }
    }

    /// <summary>Starts the slave on a free port of the loopback, with its file cache in the folder.</summary>
    internal static async Task<ServerProcess> StartSlaveAsync(string program, string folder, CancellationToken cancellationToken)
    {
        var port = Nginx.FreePort();
        var cache = Directory.CreateDirectory(Path.Combine(folder, "filecache")).FullName;
        var work = Directory.CreateDirectory(Path.Combine(folder, "work")).FullName;
        var configuration = Path.Combine(folder, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration,
            string.Create(
                CultureInfo.InvariantCulture,
                $"[builder]\nfilecache = {cache}\nworkpath = {work}\nbindhost = 127.0.0.1\nbindport = {port}\n"),
            cancellationToken);
        return await StartAsync(program, ["--config", configuration], port, cache, cancellationToken);
    }

    /// <summary>Starts the bare Kestrel program on a free port of the loopback.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="folder">A folder for the answer.</param>
    /// <param name="answer">What it answers with; null for an answer without a body.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    internal static async Task<ServerProcess> StartBareAsync(
        string program, string folder, ReadOnlyMemory<byte>? answer, CancellationToken cancellationToken)
    {
        var port = Nginx.FreePort();
        var arguments = new List<string> { port.ToString(CultureInfo.InvariantCulture) };
        if (answer is { } body)
        {
            var file = Path.Combine(folder, "answer");
            await File.WriteAllBytesAsync(file, body, cancellationToken);
            arguments.Add(file);
        }

        return await StartAsync(program, arguments, port, folder, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Dispose();
        await KillAsync(_run, _kill);
    }

    private static async Task KillAsync(CommandTask<CommandResult> run, CancellationTokenSource kill)
    {
        await kill.CancelAsync();
        await ((Task)run.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        kill.Dispose();
    }

    private static async Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, int port, string cacheDirectory, CancellationToken cancellationToken)
    {
        var kill = new CancellationTokenSource();
        var start = Stopwatch.GetTimestamp();
        // Its output is thrown away. No shell is before it, whose time would be measured too.
        var run = CliWrap.Cli.Wrap(program).WithArguments(arguments).WithValidation(CommandResultValidation.None).ExecuteAsync(kill.Token);
        var url = new Uri($"http://127.0.0.1:{port}/");
        try
        {
            return new ServerProcess(run, kill, url, cacheDirectory, await WaitForAnswerAsync());
        }
        catch
        {
            await KillAsync(run, kill);
            throw;
        }

        async Task<TimeSpan> WaitForAnswerAsync()
        {
            var request = KeptConnection.Request("POST", url, "/rpc", StatusLoad.Call.Span);
            while (!await TryAskAsync(url, request, cancellationToken))
            {
                if (run.Task.IsCompleted || Stopwatch.GetElapsedTime(start) > StartDeadline)
                    throw new BenchmarkException($"{Path.GetFileName(program)} did not answer");
                await Task.Delay(1, cancellationToken);
            }

            return Stopwatch.GetElapsedTime(start);
        }
    }

    private static async Task<bool> TryAskAsync(Uri server, byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = await KeptConnection.OpenAsync(server, cancellationToken);
            await connection.SendAsync(request, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false; // does not listen yet
        }
    }
}
