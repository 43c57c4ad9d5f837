using System.Globalization;
using Buildd.Backends.Limits;

namespace Buildd.Daemon.Configuration;

/// <summary>The keys of what a build may use.</summary>
internal static class LimitsReader
{
    internal static BuildLimits Read(SectionReader reader) => new()
    {
        Time = reader.Duration("limit-time", TimeSpan.Zero, TimeSpan.Zero, BuildLimits.MaxTime),
        Silence = reader.Duration("limit-silence", TimeSpan.Zero, TimeSpan.Zero, BuildLimits.MaxTime),
        MemoryBytes = NoneOrAtLeast(reader, "limit-memory", reader.Bytes("limit-memory", 0), BuildLimits.LeastMemoryBytes),
        Processes = NoneOrAtLeast(reader, "limit-pids", reader.Number("limit-pids", 0, 0, int.MaxValue), BuildLimits.LeastProcesses),
        LogBytes = reader.Bytes("limit-log", 0),
        DiskBytes = reader.Bytes("limit-disk", 0),
    };

    /// <summary>What is limited, in a line.</summary>
    internal static string Describe(BuildLimits limits)
    {
        (string What, double Value)[] all =
        [
            ("seconds", limits.Time.TotalSeconds), ("seconds without output", limits.Silence.TotalSeconds),
            ("bytes of memory", limits.MemoryBytes),
            ("processes", limits.Processes), ("bytes of log", limits.LogBytes), ("bytes of disk", limits.DiskBytes),
        ];
        return string.Join(", ", all.Where(limit => limit.Value > 0)
            .Select(limit => string.Create(CultureInfo.InvariantCulture, $"{limit.Value:0} {limit.What}")).DefaultIfEmpty("none"));
    }

    private static long NoneOrAtLeast(SectionReader reader, string key, long value, long least)
    {
        if (value is 0 || value >= least)
            return value;
        reader.Mistake(
            key, value.ToString(CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"{least} at least, or 0 for no limit"));
        return 0;
    }
}
