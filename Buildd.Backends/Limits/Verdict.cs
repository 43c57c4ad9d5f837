using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Limits;

/// <summary>
/// How a build ends, and of what: the first failure decides, but what can't be cleaned up is the builder's whatever was before.
/// </summary>
/// <remarks>Used by one build, on one thread at a time.</remarks>
internal sealed class Verdict
{
    private BuildOutcome? _outcome;

    /// <summary>The outcome; OK as long as nothing has failed.</summary>
    internal BuildOutcome Outcome => _outcome ?? new BuildOutcome(BuildStatus.Ok);

    /// <summary>The cause, as the status member <c>failure_cause</c> tells it; null as long as nothing has failed.</summary>
    internal string? Cause { get; private set; }

    /// <summary>The build has failed; of no effect when it had before.</summary>
    internal void Fail(BuildOutcome outcome, string cause)
    {
        if (_outcome is null)
            (_outcome, Cause) = (outcome, cause);
    }

    /// <summary>The build has failed, and of this, whatever it had failed of before.</summary>
    internal void Override(BuildOutcome outcome, string cause) => (_outcome, Cause) = (outcome, cause);

    /// <summary>The build was aborted, which a failure of the builder outweighs.</summary>
    internal void Abort()
    {
        if (_outcome?.Status != BuildStatus.BuilderFail)
            (_outcome, Cause) = (new BuildOutcome(BuildStatus.Aborted), BuildWatch.Aborted);
    }

    /// <summary>Cleaning up has failed; the first time that happens decides.</summary>
    internal void FailCleaning(string cause)
    {
        if (_outcome?.Status != BuildStatus.BuilderFail)
            (_outcome, Cause) = (new BuildOutcome(BuildStatus.BuilderFail), cause);
    }

    /// <summary>How a program ended, as a cause: <c>exit N</c> or <c>signal N</c>.</summary>
    internal static string CauseOf(ExitCode code) => code.Describe().Replace("exit code", "exit", StringComparison.Ordinal);
}
