using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Demo;

/// <summary>A program that serves until it is stopped: the demo's slave, or its farm. It ends with us, however we end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>They start in a fraction of a second; a loaded machine may need more.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    /// <summary>How much of what it said before it failed is shown, in bytes.</summary>
    private const int TailBytes = 4096;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly FileStream _log;
    private readonly TailBuffer _tail = new(TailBytes);
    private readonly Func<string, bool> _hear;
    private readonly List<byte> _line = [];
    private Task<ProcessResult> _run = Task.FromResult(new ProcessResult(0, TimeSpan.Zero, true));

    private ServerProcess(string logPath, Func<string, bool> hear)
    {
        _log = new FileStream(logPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _hear = hear;
    }

    /// <summary>Starts it, and returns when it is ready.</summary>
    /// <param name="command">The program, which ends when its standard input closes.</param>
    /// <param name="stopGrace">How long it may take to end.</param>
    /// <param name="logPath">Gets all that it says.</param>
    /// <param name="hear">Gets each line of its standard output; true when that says that it is ready.</param>
    /// <param name="cancellationToken">Ends the waiting, and the program.</param>
    /// <exception cref="FarmException">It did not start; its own words are in the message.</exception>
    internal static async Task<ServerProcess> StartAsync(
        Command command, TimeSpan stopGrace, string logPath, Func<string, bool> hear, CancellationToken cancellationToken)
    {
        var server = new ServerProcess(logPath, hear);
        command = command with { KeepsStandardInputOpen = true, StopGrace = stopGrace };
        server._run = ProcessRunner.RunSeparatedAsync(command, server.HearOutput, server.Log, server._stop.Token);
        try
        {
            await Task.WhenAny(server._ready.Task, server._run).WaitAsync(StartDeadline, cancellationToken);
            if (server._ready.Task.IsCompleted)
                return server;
            throw new FarmException($"'{command}' ended with {(await server._run).Describe()} before it was ready:\n{server._tail.Text()}");
        }
        catch (TimeoutException e)
        {
            await server.DisposeAsync();
            throw new FarmException($"'{command}' was not ready after {StartDeadline.TotalSeconds:0} s; see {logPath}", e);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it, and waits until it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // as wanted
        }

        await _log.DisposeAsync();
        _stop.Dispose();
    }

    private void HearOutput(ReadOnlySpan<byte> bytes)
    {
        Log(bytes);
        foreach (var character in bytes)
        {
            if (character != (byte)'\n')
            {
                _line.Add(character);
                continue;
            }

            if (_hear(Encoding.UTF8.GetString([.. _line])))
                _ready.TrySetResult();
            _line.Clear();
        }
    }

    /// <summary>Both of its streams come here.</summary>
    private void Log(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _log.Write(bytes);
            _tail.Write(bytes);
        }
    }
}
