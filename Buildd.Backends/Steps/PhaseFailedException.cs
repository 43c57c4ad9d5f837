using Buildd.Protocol.Messages;

namespace Buildd.Backends.Steps;

/// <summary>A phase ended a build. The message stands in the build log already or is written there by who catches this.</summary>
internal sealed class PhaseFailedException(BuildStatus status, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What the build ends with, if it is the first failure.</summary>
    internal BuildStatus Status { get; } = status;

    /// <summary>With <see cref="BuildStatus.DepFail"/>, the relations that are waited for; else empty.</summary>
    internal string Dependencies { get; init; } = "";

    /// <summary>What the build has failed of, as the status member <c>failure_cause</c> tells it; null means the phase.</summary>
    internal string? Cause { get; init; }
}
