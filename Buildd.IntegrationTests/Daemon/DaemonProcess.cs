using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Daemon;

/// <summary>The published <c>buildd-slave</c>, in a process of its own.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _output = new();
    private Task<ProcessResult> _run = null!;

    internal DaemonProcess()
    {
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["filecache"]);
    }

    internal string this[string name] => _folder[name];

    internal string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    internal string Configuration(string more) =>
        $"[builder]\nfilecache = {_folder["filecache"]}\nworkpath = {_folder["home"]}\nbindhost = 127.0.0.1\nbindport = 0\n{more}\n";

    /// <summary>A command whose first line of output is its pid.</summary>
    internal Command Command(string configuration, params string[] arguments)
    {
        File.WriteAllText(_folder["buildd.conf"], configuration);
        return Buildd.Linux.Processes.Command.Of(Repository.Program("buildd-slave"), "--config", _folder["buildd.conf"]).With(arguments)
            .Behind("sh", "-c", "echo \"pid $$\"; exec \"$@\"", "sh");
    }

    /// <summary>Runs to the end and gives the exit code.</summary>
    internal Task<int?> RunAsync(Command command)
    {
        _run = ProcessRunner.RunAsync(command, Hear, cancellationToken: _stop.Token);
        return EndAsync();
    }

    /// <summary>Runs until it is stopped; returns when it listens.</summary>
    internal async Task StartAsync(Command command)
    {
        _run = ProcessRunner.RunAsync(command, Hear, cancellationToken: _stop.Token);
        await UntilAsync(() => Output.Contains(" ready at ", StringComparison.Ordinal) ? true : _run.IsCompleted ? throw new InvalidOperationException(Output) : false);
    }

    internal Uri Url => new(Output.Split(" ready at ")[1].Split('\n')[0]);

    internal async Task SignalAsync(string signal)
    {
        var pid = int.Parse(Output.Split('\n')[0].Split(' ')[1], CultureInfo.InvariantCulture);
        await ProcessRunner.CaptureAsync(Buildd.Linux.Processes.Command.Of("kill", $"-{signal}", pid.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Waits for its end.</summary>
    internal async Task<int?> EndAsync() => (await _run.WaitAsync(TimeSpan.FromSeconds(30))).ExitCode;

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
            await Task.Delay(10, deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await (_run ?? Task.CompletedTask);
        }
        catch (OperationCanceledException)
        {
            // as wanted
        }

        _stop.Dispose();
        _folder.Dispose();
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_output)
            _output.Append(Encoding.UTF8.GetString(bytes));
    }
}
