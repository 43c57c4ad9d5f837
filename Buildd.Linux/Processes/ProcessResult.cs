namespace Buildd.Linux.Processes;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">The exit code, or 128 plus the number of the signal that ended it, as a shell would report it.</param>
/// <param name="Elapsed">From the start of the process to its end, waiting for the end of its output included.</param>
/// <param name="OutputComplete">
/// Whether the output was read to its end. False when something the process left behind still held the pipe open after
/// <see cref="ProcessRunner.DrainDeadline"/>: what that writes later is not in the log.
/// </param>
public sealed record ProcessResult(int ExitCode, TimeSpan Elapsed, bool OutputComplete)
{
    /// <summary>Whether the exit code is 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>
    /// What it and all that it started used: processor time from its start to its end, and the peak of memory of its scope so
    /// far. Null without a control group. What its scope ran beside it counts too.
    /// </summary>
    public ResourceUsage? Usage { get; init; }

    /// <summary>What happened, in words: <c>exit code 3</c> or <c>signal 9</c>.</summary>
    public string Describe() => new ExitCode(ExitCode).Describe();
}
