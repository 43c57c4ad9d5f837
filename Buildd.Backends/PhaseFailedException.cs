using Buildd.Protocol.Messages;

namespace Buildd.Backends;

/// <summary>A phase ended a build. The message stands in the build log already or is written there by who catches this.</summary>
internal sealed class PhaseFailedException(BuildStatus status, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What the build ends with, if it is the first failure.</summary>
    internal BuildStatus Status { get; } = status;

    /// <summary>With <see cref="BuildStatus.DepFail"/>, the relations that are waited for; else empty.</summary>
    internal string Dependencies { get; init; } = "";
}
