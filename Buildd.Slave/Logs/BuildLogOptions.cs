namespace Buildd.Slave.Logs;

/// <summary>How long a build log may become.</summary>
public sealed record BuildLogOptions;
