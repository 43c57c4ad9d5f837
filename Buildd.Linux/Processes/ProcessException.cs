namespace Buildd.Linux.Processes;

/// <summary>
/// A process could not be started, could not be stopped, or failed where its caller has no use for a failure.
/// </summary>
/// <remarks>
/// Not under it: a non-zero exit from <see cref="ProcessRunner.RunAsync"/>, which is a result, and
/// <see cref="OperationCanceledException"/> when the caller stopped the process.
/// </remarks>
public sealed class ProcessException : Exception
{
    /// <summary>Makes one with a message that says what was run, what was found and what to do.</summary>
    public ProcessException(string message)
        : base(message)
    {
    }

    /// <summary>The same, with the cause.</summary>
    public ProcessException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
