using Buildd.Slave.Logs;

namespace Buildd.Slave.Builds;

/// <summary>A build that the slave was killed in the middle of, or whose machine went down.</summary>
/// <param name="BuildId">The master's name for it.</param>
/// <param name="Directory">The build's folder; it may not be there.</param>
/// <param name="Log">The log, which goes on where it was.</param>
/// <param name="Time">The clock.</param>
public sealed record LeftBuild(string BuildId, string Directory, BuildLog Log, TimeProvider Time);
