using System.Globalization;

namespace Buildd.Linux.Processes;

/// <summary>The signals that this process ignores and blocks, as the kernel reports them.</summary>
internal static class SignalMask
{
    private const string IgnoredField = "SigIgn:";

    /// <summary>
    /// The numbers of the signals that this process ignores, which what it starts inherits; without the two that are the C library's own.
    /// </summary>
    internal static IReadOnlyList<int> Ignored()
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(IgnoredField, StringComparison.Ordinal));
        if (line is null)
            return [];
        var mask = ulong.Parse(line.AsSpan(IgnoredField.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(1, 64).Where(signal => (mask >> (signal - 1) & 1) != 0 && signal is not (32 or 33))];
    }

    /// <summary>Has signals delivered to this thread, and to all that come of it.</summary>
    internal static void UnblockAll() => Native.SetBlockedSignals(new byte[Native.SignalSetBytes]);
}
