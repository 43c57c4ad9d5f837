using Buildd.Linux.Processes;

namespace Buildd.Backends.Limits;

/// <summary>What a build may use before it is ended. Zero, each one's default, means no limit.</summary>
/// <remarks>Differs: of these the reference has only the silence that its sbuild does not stand.</remarks>
public sealed record BuildLimits
{
    /// <summary>The longest time that may be asked for, 30 days; a longer one is rather a mistake in the unit.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromDays(30);

    /// <summary>The least memory that may be asked for, 16 MiB: with less no command of ours would start.</summary>
    public const long LeastMemoryBytes = 16L * 1024 * 1024;

    /// <summary>The least number of processes that may be asked for: what the slave runs beside a build's own.</summary>
    public const long LeastProcesses = 16;

    /// <summary>How long it may take, from its first phase until its results are taken over.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>How long nothing may be written to its log.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>Memory of all its processes, in bytes, swap included.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>How many processes and threads it may have at a time. One more can't be started; the build is not ended for that.</summary>
    public long Processes { get; init; }

    /// <summary>How much may be written to its log, in bytes, kept or not.</summary>
    public long LogBytes { get; init; }

    /// <summary>How much of the disk its folder may take, in bytes.</summary>
    public long DiskBytes { get; init; }

    /// <summary>What the kernel keeps.</summary>
    internal ScopeLimits OfScope => new() { MemoryBytes = MemoryBytes, Processes = Processes };

    /// <summary>A sentence on what can't be kept because control groups lack controllers; null when all can.</summary>
    internal static string? Describe(IReadOnlyList<string> missingControllers)
    {
        ArgumentNullException.ThrowIfNull(missingControllers);
        if (missingControllers.Count == 0)
            return null;
        var keys = string.Join(" and ", missingControllers.Select(name => "limit-" + name));
        return $"{keys} can't be kept here: this process's control group does not hand on the controller "
            + $"{string.Join(" and ", missingControllers)} "
            + "(version 2, with Delegate= and DelegateSubgroup= in the unit)";
    }

    /// <summary>The same for a slave that would have these limits.</summary>
    public string? FindWhatCanNotBeKept() => Describe(ProcessScope.FindMissingControllers(OfScope));
}
