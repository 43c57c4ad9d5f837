using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>A command that runs while a test does; the first line that it says is <c>pid N</c>.</summary>
internal sealed class RunningCommand : IAsyncDisposable
{
    private readonly StringBuilder _said = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<ProcessResult> _run = null!;

    internal int FirstNumber => int.Parse(Said.Split('\n')[0].Split(' ')[1], CultureInfo.InvariantCulture);

    private string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    internal static async Task<RunningCommand> StartAsync(Command command, string until)
    {
        var running = new RunningCommand();
        running._run = ProcessRunner.RunAsync(command, running.Hear, cancellationToken: running._stop.Token);
        await DebianSystem.UntilAsync(() => Task.FromResult(running.Said), said => said.Contains(until, StringComparison.Ordinal) || running._run.IsCompleted);
        Assert.That(running.Said, Does.Contain(until));
        return running;
    }

    /// <summary>SIGTERM; it has to end well.</summary>
    internal async Task TerminateAsync()
    {
        await ProcessRunner.CaptureAsync(Command.Of("kill", "-TERM", $"{FirstNumber}"));
        Assert.That((await _run.WaitAsync(TimeSpan.FromSeconds(60))).ExitCode, Is.Zero, Said);
    }

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

        _stop.Dispose();
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_said)
            _said.Append(Encoding.UTF8.GetString(bytes));
    }
}
