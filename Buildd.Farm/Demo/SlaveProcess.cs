using System.Text;
using Buildd.Processes;

namespace Buildd.Farm.Demo;

/// <summary>A slave as a process of its own, with a data folder of its own, on loopback and a free port.</summary>
internal sealed class SlaveProcess : IAsyncDisposable
{
    /// <summary>The slave starts in a fraction of a second; a loaded machine may need more.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    /// <summary>A slave that is told to stop ends its build first; it gives itself 150 s for that.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(170);

    private readonly CancellationTokenSource _stop = new();
    private readonly FileStream _log;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _head = new();
    private Task<ProcessResult> _run = Task.FromResult(new ProcessResult(0, TimeSpan.Zero, true));

    private SlaveProcess(string logPath)
    {
        _log = new FileStream(logPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Where it listens.</summary>
    internal Uri Url { get; private set; } = new("about:blank");

    /// <exception cref="FarmException">It did not start; its own words are in the message.</exception>
    internal static async Task<SlaveProcess> StartAsync(
        string program, string directory, string logPath, CancellationToken cancellationToken, string moreConfiguration = "")
    {
        var cache = Directory.CreateDirectory(Path.Combine(directory, "filecache")).FullName;
        var home = Directory.CreateDirectory(Path.Combine(directory, "home")).FullName;
        var configuration = Path.Combine(directory, "buildd.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"[builder]\nfilecache = {Escape(cache)}\nworkpath = {Escape(home)}\nbindhost = 127.0.0.1\nbindport = 0\n{moreConfiguration}",
            cancellationToken);

        var slave = new SlaveProcess(logPath);
        var command = Command.Of(program, "--config", configuration, "--until-stdin-closes") with
        {
            WorkingDirectory = directory,
            KeepsStandardInputOpen = true,
            StopGrace = StopGrace,
        };
        slave._run = ProcessRunner.RunAsync(command, slave.Hear, cancellationToken: slave._stop.Token);
        try
        {
            await Task.WhenAny(slave._ready.Task, slave._run).WaitAsync(StartDeadline, cancellationToken);
            if (slave._ready.Task.IsCompleted)
            {
                slave.Url = await slave._ready.Task;
                return slave;
            }

            throw new FarmException($"the slave '{program}' ended with {(await slave._run).Describe()} before it was ready:\n{slave._head}");
        }
        catch (TimeoutException e)
        {
            await slave.DisposeAsync();
            throw new FarmException($"the slave '{program}' was not ready after {StartDeadline.TotalSeconds:0} s; see {logPath}", e);
        }
        catch
        {
            await slave.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it; a build that runs is ended first.</summary>
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

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        _log.Write(bytes);
        if (_ready.Task.IsCompleted)
            return;

        _head.Append(Encoding.UTF8.GetString(bytes));
        const string Sign = " ready at ";
        var line = _head.ToString().Split('\n')[..^1].FirstOrDefault(text => text.StartsWith("buildd-slave ", StringComparison.Ordinal) && text.Contains(Sign, StringComparison.Ordinal));
        if (line is not null)
            _ready.TrySetResult(new Uri(line[(line.IndexOf(Sign, StringComparison.Ordinal) + Sign.Length)..].Trim()));
    }

    /// <summary>A value as the configuration has to have it.</summary>
    internal static string Escape(string value) => value.Replace("%", "%%", StringComparison.Ordinal);
}
