using Buildd.Protocol.Messages;

namespace Buildd.Slave.Builds;

/// <summary>How a build ended.</summary>
/// <param name="Status">The status for the master.</param>
/// <param name="Dependencies">With <see cref="BuildStatus.DepFail"/>, the relations that were not satisfied; else empty.</param>
public sealed record BuildOutcome(BuildStatus Status, string Dependencies = "");
