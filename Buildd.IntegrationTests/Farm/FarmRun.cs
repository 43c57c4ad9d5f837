using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Farm;

/// <summary>A <c>buildd-farm run</c> that runs.</summary>
internal sealed class FarmRun : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hasPid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<ProcessResult> _run = null!;
    private string _pid = "";
    private bool _isDisposed;

    private FarmRun()
    {
    }

    internal string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it, and returns when it is ready.</summary>
    internal static async Task<FarmRun> StartAsync(Command command)
    {
        var run = Launch(command);
        await Task.WhenAny(run._ready.Task, run._run).WaitAsync(StartDeadline);
        return run._ready.Task.IsCompleted ? run : throw new InvalidOperationException($"it did not start: {run.Output}");
    }

    /// <summary>Starts it, and returns at once.</summary>
    internal static FarmRun Launch(Command command)
    {
        var run = new FarmRun();
        run._run = ProcessRunner.RunAsync(
            command.Behind("sh", "-c", """echo "pid $$"; exec "$0" "$@" """) with { StopGrace = TimeSpan.FromSeconds(30) }, run.Hear, cancellationToken: run._stop.Token);
        return run;
    }

    /// <summary>Whether it has said that it is ready.</summary>
    internal bool IsReady => _ready.Task.IsCompleted;

    /// <summary>Ended when the program has.</summary>
    internal Task Ended => _run;

    /// <summary>SIGKILL, and wait until it has gone.</summary>
    internal async Task KillAsync()
    {
        await _hasPid.Task.WaitAsync(StartDeadline);
        await ProcessRunner.CaptureAsync(Command.Of("kill", "-KILL", _pid));
        await _run;
    }

    /// <summary>SIGTERM if it still runs, and wait until it has gone.</summary>
    internal async Task<int> StopAsync()
    {
        await ProcessRunner.RunAsync(Command.Of("kill", "-TERM", _pid), _ => { });
        return (await _run).ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
            // as wanted
        }

        _stop.Dispose();
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_output)
        {
            _output.Append(Encoding.UTF8.GetString(bytes));
            var text = _output.ToString();
            if (_pid.Length == 0 && text.StartsWith("pid ", StringComparison.Ordinal) && text.Contains('\n', StringComparison.Ordinal))
            {
                _pid = text.Split('\n')[0]["pid ".Length..];
                _hasPid.TrySetResult();
            }

            if (text.Contains("buildd-farm ready: ", StringComparison.Ordinal))
                _ready.TrySetResult();
        }
    }
}
