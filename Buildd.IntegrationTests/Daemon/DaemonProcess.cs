using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;

namespace Buildd.IntegrationTests.Daemon;

/// <summary>The published <c>buildd-slave</c> in a process of its own, and its folders.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    /// <summary>What it says when it listens; its address follows.</summary>
    private const string Ready = " ready at ";

    private readonly TemporaryDirectory _folder = new();
    private RunningProgram? _program;

    internal DaemonProcess()
    {
        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["filecache"]);
    }

    internal string this[string name] => _folder[name];

    internal string Output => Program.Output;

    internal Uri Url => new(Output.Split(Ready)[1].Split('\n')[0]);

    private RunningProgram Program => _program ?? throw new InvalidOperationException("it was not started");

    internal string Configuration(string more) =>
        $"[builder]\nfilecache = {_folder["filecache"]}\nworkpath = {_folder["home"]}\nbindhost = 127.0.0.1\nbindport = 0\n{more}\n";

    /// <summary>The command that runs it with a configuration.</summary>
    internal Command Command(string configuration, params string[] arguments)
    {
        File.WriteAllText(_folder["buildd.conf"], configuration);
        return Buildd.Linux.Processes.Command.Of(Repository.Program("buildd-slave"), "--config", _folder["buildd.conf"]).With(arguments);
    }

    /// <summary>Runs to the end and gives the exit code.</summary>
    internal Task<int> RunAsync(Command command)
    {
        _program = RunningProgram.Start(command);
        return EndAsync();
    }

    /// <summary>Runs until it is stopped; returns when it listens.</summary>
    internal async Task StartAsync(Command command)
    {
        _program = RunningProgram.Start(command);
        await _program.LineAfterAsync(Ready);
    }

    internal Task SaysAsync(string text) => Program.SaysAsync(text);

    internal Task SignalAsync(string signal) => Program.SignalAsync(signal);

    /// <summary>Waits for its end and gives the exit code.</summary>
    internal Task<int> EndAsync() => Program.EndAsync();

    public async ValueTask DisposeAsync()
    {
        if (_program is not null)
            await _program.DisposeAsync();
        _folder.Dispose();
    }
}
