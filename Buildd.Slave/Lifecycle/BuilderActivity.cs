using Buildd.Protocol.Messages;

namespace Buildd.Slave.Lifecycle;

/// <summary>What a slave is doing at one moment, in short.</summary>
/// <param name="Status">Where the builder is.</param>
/// <param name="BuildId">The build, as the master calls it; null only when idle.</param>
/// <param name="Tag">The kind of build; null only when idle.</param>
/// <param name="Phase">Where the build is, or was last; null when it never said.</param>
public sealed record BuilderActivity(BuilderStatus Status, string? BuildId, string? Tag, string? Phase);
