#pragma warning disable RS0030 // this file is the one place that may start a process

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Buildd.Linux.Processes;

/// <summary>
/// Takes a piece of a process's output. Called on one thread at a time, in order; the bytes are valid only during the call.
/// </summary>
public delegate void OutputWriter(ReadOnlySpan<byte> bytes);

/// <summary>Runs commands: the only place in Buildd where a process is started.</summary>
/// <remarks>
/// Each process gets a session of its own, so that a Ctrl-C at our terminal does not reach it behind our back, joins its
/// scope's control group before it runs its first instruction, and has no standard input but what the command gives it.
/// Output is handed on as bytes as it comes. Methods may be called from any thread.
/// <para>
/// Nor does it get what would change it and has only come to this process, from its starter or from the runtime: no signal is ignored
/// (the runtime ignores SIGPIPE, and so would every command), the soft limits of open files, stack and core files are a login's and not
/// what the runtime has raised them to, and what favours or protects this process, a negative niceness or a negative
/// <c>oom_score_adj</c>, is not handed on.
/// </para>
/// </remarks>
public static class ProcessRunner
{
    /// <summary>How long output is still awaited after a process has ended, in case something it left behind holds the pipe.</summary>
    public static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a killed process may take to be gone; 40 s. What can't be killed is waited for three times in a build (by the step that
    /// it belongs to, with the rest of its environment, and with all of the build): together the 120 s that a master reckons with.
    /// </summary>
    public static readonly TimeSpan KillDeadline = TimeSpan.FromSeconds(40);

    /// <summary>What <see cref="CaptureAsync"/> keeps at the most.</summary>
    public const int CaptureLimitBytes = 16 * 1024 * 1024;

    /// <summary>The launcher's own exit code when it could not join the control group.</summary>
    private const int LaunchFailed = 125;

    /// <summary>
    /// $1 joins, $2 says where stdin and stderr go, $3 are words that go before the command, the rest is the command. setsid does not
    /// fork here, because a child of ours never leads a process group: the pid we know stays the program's. Limits that can't be
    /// set, since the hard ones are lower, stay as they are. 1024 open files are what select(2) can bear, and what programs that close
    /// all they might have open are done with in time.
    /// </summary>
    private const string Launcher =
        """
        if [ -n "$1" ]; then echo $$ > "$1" || exit 125; fi
        { ulimit -S -c 0; ulimit -S -n 1024; ulimit -S -s 8192; } 2>/dev/null
        { read -r oom </proc/self/oom_score_adj && [ "$oom" -ge 0 ] || echo 0 >/proc/self/oom_score_adj; } 2>/dev/null
        unset oom
        case $2 in *n*) exec </dev/null;; esac
        case $2 in *m*) exec 2>&1;; esac
        before=$3
        shift 3
        exec $before setsid -- "$@"
        """;

    private static readonly Lazy<string> Before = new(WordsBefore);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="output">Gets standard output and standard error, in the order they were written.</param>
    /// <param name="scope">The scope it belongs to; null means one of its own, ended with it.</param>
    /// <param name="cancellationToken">
    /// Stops it: SIGTERM to the program or its group, after <see cref="Command.StopGrace"/> SIGKILL to the whole scope.
    /// </param>
    /// <returns>How it ended; a non-zero exit code is a result, not an exception.</returns>
    /// <exception cref="ProcessException">It could not be started, or not be killed within <see cref="KillDeadline"/>.</exception>
    /// <exception cref="OperationCanceledException">
    /// It was stopped; nothing that it started with its own pid is running any more.
    /// </exception>
    public static async Task<ProcessResult> RunAsync(
        Command command, OutputWriter output, ProcessScope? scope = null, CancellationToken cancellationToken = default)
    {
        if (scope is not null)
            return await RunInAsync(command, output, null, scope, cancellationToken).ConfigureAwait(false);

        var own = ProcessScope.Open(Path.GetFileName(command.File));
        await using var closing = own.ConfigureAwait(false);
        return await RunInAsync(command, output, null, own, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a command to its end, in a scope of its own, with its standard error kept apart.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="output">Gets standard output.</param>
    /// <param name="errors">Gets standard error, on another thread than <paramref name="output"/>.</param>
    /// <param name="cancellationToken">Stops it, as in <see cref="RunAsync"/>.</param>
    /// <returns>How it ended; a non-zero exit code is a result, not an exception.</returns>
    /// <exception cref="ProcessException">It could not be started, or not be killed within <see cref="KillDeadline"/>.</exception>
    /// <exception cref="OperationCanceledException">
    /// It was stopped; nothing that it started with its own pid is running any more.
    /// </exception>
    public static async Task<ProcessResult> RunSeparatedAsync(
        Command command, OutputWriter output, OutputWriter errors, CancellationToken cancellationToken = default)
    {
        var own = ProcessScope.Open(Path.GetFileName(command.File));
        await using var closing = own.ConfigureAwait(false);
        return await RunInAsync(command, output, errors, own, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a command and returns its standard output as text.</summary>
    /// <exception cref="ProcessException">
    /// It could not be started, it did not exit with 0 (the message ends with what it wrote to standard error), or it wrote
    /// more than <see cref="CaptureLimitBytes"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<string> CaptureAsync(Command command, CancellationToken cancellationToken = default)
    {
        using var output = new BoundedBuffer();
        using var errors = new BoundedBuffer();
        var scope = ProcessScope.Open(Path.GetFileName(command.File));
        await using var closing = scope.ConfigureAwait(false);
        var result = await RunInAsync(command, output.Write, errors.Write, scope, cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
            throw new ProcessException($"'{command}' ended with {result.Describe()}: {errors.Text().Trim()}");
        if (output.Overflowed)
            throw new ProcessException($"'{command}' wrote more than {CaptureLimitBytes} bytes");
        return output.Text();
    }

    private static async Task<ProcessResult> RunInAsync(
        Command command, OutputWriter output, OutputWriter? errors, ProcessScope scope, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = Stopwatch.GetTimestamp();
        var before = scope.Usage();
        using var process = Start(command, mergeErrors: errors is null, scope);
        var pumps = new List<OutputPump> { new(process.StandardOutput.BaseStream, output) };
        if (errors is not null)
            pumps.Add(new OutputPump(process.StandardError.BaseStream, errors));
        var input = FeedAsync(process, command);

        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(command, process, scope).ConfigureAwait(false);
            await DrainAsync(pumps).ConfigureAwait(false);
            await EndInputAsync(process, input).ConfigureAwait(false);
            throw;
        }

        var complete = await DrainAsync(pumps).ConfigureAwait(false);
        await EndInputAsync(process, input).ConfigureAwait(false);
        // A program may well exit with that code; the launcher does when the group is gone.
        if (process.ExitCode == LaunchFailed && scope.HasControlGroup && !File.Exists(scope.JoinFile))
            throw new ProcessException($"'{command}' could not be started in its control group {scope.JoinFile}");
        return new ProcessResult(process.ExitCode, Stopwatch.GetElapsedTime(start), complete)
        {
            Usage = before is not null && scope.Usage() is { } after ? after with { CpuTime = after.CpuTime - before.CpuTime } : null,
        };
    }

    private static Process Start(Command command, bool mergeErrors, ProcessScope scope)
    {
        var hasInput = !command.StandardInput.IsEmpty || command.KeepsStandardInputOpen;
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = hasInput,
            RedirectStandardOutput = true,
            RedirectStandardError = !mergeErrors,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        var streams = (hasInput ? "" : "n") + (mergeErrors ? "m" : "");
        string[] words = ["-c", Launcher, "sh", scope.JoinFile ?? "", streams, Before.Value, command.File, .. command.Arguments];
        foreach (var argument in words)
        {
            if (argument.Contains('\0', StringComparison.Ordinal))
                throw new ProcessException($"an argument of {command.File} holds a NUL character, which no program can be given");
            start.ArgumentList.Add(argument);
        }

        if (!command.InheritsEnvironment)
            start.Environment.Clear();
        foreach (var (name, value) in command.Environment.Concat(scope.Variables))
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
            return process;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            process.Dispose();
            throw new ProcessException(
                $"'{command}' could not be started in {command.WorkingDirectory ?? Environment.CurrentDirectory}: {e.Message}", e);
        }
    }

    /// <summary>The words that undo what a shell can't: they need nothing quoted.</summary>
    private static string WordsBefore()
    {
        var signals = SignalMask.Ignored();
        return string.Create(CultureInfo.InvariantCulture, $"{(Native.Niceness < 0 ? $"nice -n {-Native.Niceness} " : "")}")
            + (signals.Count > 0 ? $"env --default-signal={string.Join(',', signals)}" : "");
    }

    private static async Task FeedAsync(Process process, Command command)
    {
        if (!process.StartInfo.RedirectStandardInput)
            return;

        try
        {
            var stream = process.StandardInput.BaseStream;
            await stream.WriteAsync(command.StandardInput).ConfigureAwait(false);
            await stream.FlushAsync().ConfigureAwait(false);
            if (!command.KeepsStandardInputOpen)
                await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // it ended without reading all: its exit code tells whether that matters
        }
    }

    /// <summary>
    /// Something that the program left behind may hold the other end and never read: nobody waits for that. A write that can't
    /// be called off ends with the scope.
    /// </summary>
    private static async Task EndInputAsync(Process process, Task input)
    {
        if (!process.StartInfo.RedirectStandardInput)
            return;

        await process.StandardInput.BaseStream.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAny(input, Task.Delay(DrainDeadline)).ConfigureAwait(false);
    }

    /// <summary>The ladder: ask the program, wait, kill all of its scope, wait, give up loudly.</summary>
    private static async Task StopAsync(Command command, Process process, ProcessScope scope)
    {
        // There is no such group as long as the launcher has not got to setsid.
        if (!command.StopsGroup || !Native.Kill(-process.Id, Native.SigTerm))
            Native.Kill(process.Id, Native.SigTerm);
        if (command.KeepsStandardInputOpen)
            await process.StandardInput.BaseStream.DisposeAsync().ConfigureAwait(false);
        if (await ExitsWithinAsync(process, command.StopGrace).ConfigureAwait(false))
            return;

        Native.Kill(-process.Id, Native.SigKill); // its group; enough where there is no control group and it has not forked away
        var survivors = await scope.KillAllAsync(KillDeadline).ConfigureAwait(false);
        if (!await ExitsWithinAsync(process, survivors.Count == 0 ? KillDeadline : DrainDeadline).ConfigureAwait(false))
            throw new ProcessException($"'{command}' (process {process.Id}) is still there {KillDeadline.TotalSeconds:0} s after SIGKILL");
    }

    private static async Task<bool> ExitsWithinAsync(Process process, TimeSpan deadline)
    {
        using var timeout = new CancellationTokenSource(deadline);
        try
        {
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> DrainAsync(List<OutputPump> pumps)
    {
        try
        {
            await Task.WhenAll(pumps.Select(p => p.Completion)).WaitAsync(DrainDeadline).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            foreach (var pump in pumps)
                pump.Abandon();
            return false;
        }
    }

    /// <summary>Keeps the first part of an output, for messages and small answers.</summary>
    private sealed class BoundedBuffer : IDisposable
    {
        private readonly MemoryStream _bytes = new();

        public bool Overflowed { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            var room = CaptureLimitBytes - (int)_bytes.Length;
            Overflowed |= bytes.Length > room;
            _bytes.Write(bytes[..Math.Min(bytes.Length, room)]);
        }

        public string Text() => Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);

        public void Dispose() => _bytes.Dispose();
    }
}
