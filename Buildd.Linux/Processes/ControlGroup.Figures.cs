using System.Globalization;

namespace Buildd.Linux.Processes;

/// <summary>What the group is allowed, and what it has used.</summary>
internal sealed partial class ControlGroup
{
    /// <summary>Sets limits, as far as the group has the controllers.</summary>
    /// <returns>The names of the controllers that would have to be on and are not; empty when every limit is kept.</returns>
    internal IReadOnlyList<string> Limit(ScopeLimits limits)
    {
        var missing = new List<string>();
        if (limits.MemoryBytes > 0)
        {
            if (!TrySet("memory.max", limits.MemoryBytes))
                missing.Add("memory");
            else
                TrySet("memory.swap.max", 0); // else the limit would only move memory to the disk; absent where there is no swap
        }

        if (limits.Processes > 0 && !TrySet("pids.max", limits.Processes))
            missing.Add("pids");
        return missing;
    }

    /// <summary>What the processes of the group have used so far, also those that have ended; null when the group is gone.</summary>
    internal ResourceUsage? Usage() =>
        Figure("cpu.stat", "usage_usec") is { } microseconds
            ? new ResourceUsage(TimeSpan.FromMicroseconds(microseconds), Number("memory.peak"))
            : null;

    /// <summary>How many processes of the group the kernel has killed for want of memory.</summary>
    internal long OutOfMemoryKills() => Figure("memory.events", "oom_kill") ?? 0;

    /// <summary>Has a folder's groups get a controller; where it can't, the group lacks its files afterwards.</summary>
    private static void SwitchOn(string directory, string controller)
    {
        try
        {
            var path = Path.Combine(directory, "cgroup.subtree_control");
            if (!File.ReadAllText(path).Split([' ', '\n']).Contains(controller, StringComparer.Ordinal))
                File.WriteAllText(path, "+" + controller);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // not there, not ours, or processes live beside the groups
        }
    }

    private bool TrySet(string name, long value)
    {
        try
        {
            var path = Path.Combine(_directory, name);
            if (!File.Exists(path))
                return false;
            File.WriteAllText(path, value.ToString(CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A file of lines "name number".</summary>
    private long? Figure(string file, string name) => Read(file)?
        .Split('\n')
        .Where(line => line.StartsWith(name + " ", StringComparison.Ordinal))
        .Select(line => Parse(line[(name.Length + 1)..]))
        .FirstOrDefault();

    private long? Number(string file) => Read(file) is { } text ? Parse(text.Trim()) : null;

    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string? Read(string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(_directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
