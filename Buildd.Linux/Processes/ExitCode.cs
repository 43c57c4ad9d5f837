namespace Buildd.Linux.Processes;

/// <summary>The code that a process ended with.</summary>
/// <param name="Value">The exit code, or 128 plus the number of the signal that ended the process, as a shell would report it.</param>
public readonly record struct ExitCode(int Value)
{
    /// <summary>What a shell, and .NET, add to a signal's number.</summary>
    private const int SignalBase = 128;

    /// <summary>SIGRTMAX of Linux; programs that exit with -1 and the like exit above it.</summary>
    private const int LastSignal = 64;

    /// <summary>Returns what happened, in words: <c>exit code 3</c> or <c>signal 9</c>.</summary>
    public string Describe() =>
        Value is > SignalBase and <= SignalBase + LastSignal ? $"signal {Value - SignalBase}" : $"exit code {Value}";
}
