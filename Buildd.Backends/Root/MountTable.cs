using System.Globalization;
using System.Text.RegularExpressions;

namespace Buildd.Backends.Root;

/// <summary>What is mounted, as the kernel tells it to this process.</summary>
internal static partial class MountTable
{
    /// <summary>The mount points at or below a folder, the newest first: the order to unmount them in.</summary>
    internal static IReadOnlyList<string> Below(string directory) =>
        Below(directory, File.ReadLines("/proc/self/mountinfo"));

    /// <summary>Those of them that were mounted from something of that name.</summary>
    internal static IReadOnlyList<string> Below(string directory, string source) =>
        Below(
            directory, File.ReadLines("/proc/self/mountinfo")
                .Where(line => line.Split(" - ")[^1].Split(' ') is [_, var found, ..] && found == source));

    internal static IReadOnlyList<string> Below(string directory, IEnumerable<string> mountInfo)
    {
        var root = Path.TrimEndingDirectorySeparator(directory);
        return [.. mountInfo
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4)
            .Select(fields => Unescape(fields[4]))
            .Where(point => point == root || point.StartsWith(root + "/", StringComparison.Ordinal))
            .Reverse()];
    }

    /// <summary>Blank, tab, line end and backslash are written as three octal digits (proc(5)).</summary>
    private static string Unescape(string point) =>
        Octal().Replace(point, match => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\[0-7]{3}")]
    private static partial Regex Octal();
}
