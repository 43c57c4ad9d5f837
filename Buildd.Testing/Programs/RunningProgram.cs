using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CliWrap;
using Command = Buildd.Linux.Processes.Command;

namespace Buildd.Testing.Programs;

/// <summary>
/// A program that runs while a test does. It is started by CliWrap, and not by the runner that the tests are about
/// (docs/decisions/0016-tests-start-programs-by-cliwrap.md).
/// </summary>
/// <remarks>
/// The program has a session of its own, so that a Ctrl-C at the terminal of the tests does not reach it behind their back, and an
/// environment variable by which the processes that it started are found. Methods may be called from any thread.
/// </remarks>
public sealed class RunningProgram : IAsyncDisposable
{
    /// <summary>The longest wait for an output or for the end of a program: longer than either takes on a loaded machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>The longest wait for output after the program has ended, in case something it left behind holds the pipe.</summary>
    private static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(3);

    /// <summary>One pipe keeps both streams in order. The shell and setsid replace themselves: the number of the process stays.</summary>
    private const string Launcher = "exec 2>&1; exec setsid -- \"$@\"";

    private const string MarkVariable = "BUILDD_TEST_PROGRAM";

    private readonly Command _command;
    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly Lock _lock = new();
    private readonly StringBuilder _output = new();
    private readonly CancellationTokenSource _closeInput = new();
    private readonly CancellationTokenSource _abandonOutput = new();
    private readonly CancellationTokenSource _kill = new();
    private TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDisposed;

    private RunningProgram(Command command)
    {
        _command = command;
        var run = Cli.Wrap("/bin/sh")
            .WithArguments(["-c", Launcher, "sh", command.File, .. command.Arguments])
            .WithWorkingDirectory(command.WorkingDirectory ?? Environment.CurrentDirectory)
            .WithEnvironmentVariables(EnvironmentOf(command))
            .WithStandardInputPipe(command.KeepsStandardInputOpen ? PipeSource.Create(HoldInputAsync) : PipeSource.Null)
            .WithStandardOutputPipe(PipeTarget.Create(ReadAsync))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(_kill.Token);
        ProcessId = run.ProcessId;
        Ended = WatchAsync(run);
    }

    /// <summary>The number of its process; a program that replaced itself by it, such as <c>chroot</c>, had the same.</summary>
    public int ProcessId { get; }

    /// <summary>The exit code, once the program has ended: 128 more than the signal, where one has ended it.</summary>
    public Task<int> Ended { get; }

    /// <summary>The output so far, of both streams.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return _output.ToString();
        }
    }

    /// <summary>The numbers of the processes that it has started and that still run, its own included.</summary>
    /// <remarks>A process whose environment has been cleared is not found.</remarks>
    public IReadOnlyList<int> Alive => [.. Directory.EnumerateDirectories("/proc").Select(IdOfMarked).OfType<int>()];

    /// <summary>Starts a program, and returns at once.</summary>
    /// <param name="command">
    /// The program. <see cref="Command.KeepsStandardInputOpen"/> and <see cref="Command.StopGrace"/> hold; standard input is empty.
    /// </param>
    public static RunningProgram Start(Command command) => new(command);

    /// <summary>Starts a program, and returns when it is ready.</summary>
    /// <param name="command">The program, as for <see cref="Start"/>.</param>
    /// <param name="sign">The text that it writes when it is ready.</param>
    /// <exception cref="InvalidOperationException">It ended before; the message has its output.</exception>
    /// <exception cref="TimeoutException">It did not say so within <see cref="Deadline"/>; the message has its output.</exception>
    public static async Task<RunningProgram> StartAsync(Command command, string sign)
    {
        var program = new RunningProgram(command);
        try
        {
            await program.SaysAsync(sign);
            return program;
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a text is in the output.</summary>
    /// <exception cref="InvalidOperationException">The program ended before; the message has its output.</exception>
    /// <exception cref="TimeoutException">The text did not come within <see cref="Deadline"/>; the message has the output.</exception>
    public Task SaysAsync(string text) =>
        FindAsync(text, output => output.Contains(text, StringComparison.Ordinal) ? output : null);

    /// <summary>Waits for a line that has a sign in it, and returns what follows the sign in it.</summary>
    /// <exception cref="InvalidOperationException">The program ended before; the message has its output.</exception>
    /// <exception cref="TimeoutException">The line did not come within <see cref="Deadline"/>; the message has the output.</exception>
    public Task<string> LineAfterAsync(string sign) => FindAsync(sign, output =>
        output.IndexOf(sign, StringComparison.Ordinal) is var at and >= 0 && output.IndexOf('\n', at) is var end and >= 0
            ? output[(at + sign.Length)..end].TrimEnd('\r')
            : null);

    /// <summary>Sends a signal to the program alone.</summary>
    /// <param name="signal">Its name, such as <c>HUP</c>.</param>
    /// <exception cref="InvalidOperationException">The program has ended.</exception>
    public async Task SignalAsync(string signal)
    {
        if (!await TrySignalAsync(signal))
            throw new InvalidOperationException($"{Describe()} could not be sent SIG{signal}: {Output}");
    }

    /// <summary>Waits for the program's end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It did not end within <see cref="Deadline"/>; the message has its output.</exception>
    public async Task<int> EndAsync()
    {
        try
        {
            return await Ended.WaitAsync(Deadline);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{Describe()} did not end:\n{Output}", e);
        }
    }

    /// <summary>Sends SIGTERM if the program still runs, and waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await TrySignalAsync("TERM");
        return await EndAsync();
    }

    /// <summary>Sends SIGKILL to the program and to nothing that it started, and waits for its end.</summary>
    public async Task KillAsync()
    {
        await TrySignalAsync("KILL");
        await EndAsync();
    }

    /// <summary>
    /// Stops the program if it still runs: SIGTERM, after <see cref="Command.StopGrace"/> SIGKILL. Then kills all that it started.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _closeInput.CancelAsync();
        await TrySignalAsync("TERM");
        await Task.WhenAny(Ended, Task.Delay(_command.StopGrace));
        await _kill.CancelAsync();
        await ((Task)Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (Alive is { Count: > 0 } left)
        {
            foreach (var pid in left)
                Kill(pid);
            await Task.Delay(10);
        }

        _closeInput.Dispose();
        _abandonOutput.Dispose();
        _kill.Dispose();
    }

    private async Task<string> FindAsync(string text, Func<string, string?> find)
    {
        var deadline = Task.Delay(Deadline);
        while (true)
        {
            var hasEnded = Ended.IsCompleted;
            Task said;
            lock (_lock)
                said = _said.Task;
            if (find(Output) is { } found)
                return found;
            if (hasEnded)
                throw new InvalidOperationException($"{Describe()} ended with {await Ended} and did not say '{text.Trim()}':\n{Output}");
            if (deadline.IsCompleted)
                throw new TimeoutException($"{Describe()} did not say '{text.Trim()}':\n{Output}");
            await Task.WhenAny(said, Ended, deadline);
        }
    }

    private async Task<bool> TrySignalAsync(string signal)
    {
        if (Ended.IsCompleted)
            return false;
        var kill = await Cli.Wrap("kill")
            .WithArguments(["-s", signal, "--", ProcessId.ToString(CultureInfo.InvariantCulture)])
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync();
        return kill.IsSuccess;
    }

    /// <summary>CliWrap ends when the pipes do, which a process that was left behind may hold open.</summary>
    private async Task<int> WatchAsync(CommandTask<CommandResult> run)
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            await process.WaitForExitAsync();
        }
        catch (ArgumentException)
        {
            // it has ended already
        }

        await Task.WhenAny(run.Task, Task.Delay(DrainDeadline));
        await _abandonOutput.CancelAsync();
        return (await run.Task).ExitCode;
    }

    private async Task HoldInputAsync(Stream input, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closeInput.Token);
        await Task.Delay(Timeout.Infinite, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync(Stream output, CancellationToken cancellationToken)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        var bytes = new byte[4096];
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abandonOutput.Token);
        try
        {
            while (await output.ReadAsync(bytes, end.Token) is var count and > 0)
                Say(characters.AsSpan(0, decoder.GetChars(bytes, 0, count, characters, 0)));
        }
        catch (OperationCanceledException) when (_abandonOutput.IsCancellationRequested)
        {
            // something that was left behind holds the pipe
        }
    }

    private void Say(ReadOnlySpan<char> text)
    {
        TaskCompletionSource said;
        lock (_lock)
        {
            _output.Append(text);
            said = _said;
            _said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        said.SetResult();
    }

    private Dictionary<string, string?> EnvironmentOf(Command command)
    {
        var variables = new Dictionary<string, string?>();
        if (!command.InheritsEnvironment)
        {
            foreach (string name in Environment.GetEnvironmentVariables().Keys)
                variables[name] = null;
        }

        foreach (var (name, value) in command.Environment)
            variables[name] = value;
        variables[MarkVariable] = _mark;
        return variables;
    }

    private int? IdOfMarked(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            return null;
        try
        {
            var variables = File.ReadAllText(Path.Combine(folder, "environ"), Encoding.Latin1);
            return variables.Contains($"{MarkVariable}={_mark}\0", StringComparison.Ordinal) ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended meanwhile, or is another user's
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // it has ended meanwhile
        }
    }

    private string Describe() => $"'{_command}'";
}
