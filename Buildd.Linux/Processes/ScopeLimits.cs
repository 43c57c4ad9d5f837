namespace Buildd.Linux.Processes;

/// <summary>What all processes of a scope may use together. Kept by the kernel, through the scope's control group.</summary>
public sealed record ScopeLimits
{
    /// <summary>Nothing is limited.</summary>
    public static readonly ScopeLimits None = new();

    /// <summary>Bytes of memory, swap included; 0, the default, for no limit. Above it the kernel kills a process of the scope.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Processes and threads at a time; 0, the default, for no limit. One more can't be started.</summary>
    public long Processes { get; init; }
}
