namespace Buildd.Slave.Files;

/// <summary>How much the file cache may hold, and for how long.</summary>
public sealed record FileCacheOptions;
