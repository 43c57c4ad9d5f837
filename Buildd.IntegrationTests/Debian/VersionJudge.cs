using System.Text;
using Buildd.Debian.Versions;
using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Has dpkg itself, the program in C, judge versions and what we say of their order.</summary>
internal static class VersionJudge
{
    /// <summary>What the scripts write last.</summary>
    private const string End = "judged\n";

    /// <summary>Reads lines of two versions and what the first is claimed to be, and writes the claims that dpkg denies.</summary>
    private const string Order =
        """
        while read left claim right; do
            dpkg --compare-versions "$left" "$claim" "$right" || echo "$left is not $claim $right"
        done
        echo judged
        """;

    /// <summary>Reads versions, and writes those that dpkg takes for one.</summary>
    private const string Form =
        """
        while IFS= read -r version; do
            dpkg --validate-version "$version" > /dev/null 2>&1 && echo "$version is one"
        done
        echo judged
        """;

    /// <summary>What dpkg says against the order that we find in pairs of versions; nothing if it agrees.</summary>
    internal static async Task<string> DenyAsync(IEnumerable<(string Left, string Right)> pairs, CancellationToken cancellationToken) =>
        await RunAsync(Order, [.. pairs.Select(pair => $"{pair.Left} {Claim(pair.Left, pair.Right)} {pair.Right}")], cancellationToken);

    /// <summary>Those of some texts that dpkg takes for versions.</summary>
    internal static async Task<string> AcceptAsync(IEnumerable<string> texts, CancellationToken cancellationToken) =>
        await RunAsync(Form, [.. texts], cancellationToken);

    internal static string Claim(string left, string right) =>
        DebianVersion.Parse(left).CompareTo(DebianVersion.Parse(right)) switch { < 0 => "lt", 0 => "eq", > 0 => "gt" };

    /// <summary>A process for each line: several shells share them.</summary>
    private static async Task<string> RunAsync(string script, IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        var said = await Task.WhenAll(lines.Chunk(lines.Count / Environment.ProcessorCount + 1).Select(part => ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", script) with
            {
                StandardInput = Encoding.Latin1.GetBytes(string.Concat(part.Select(line => line + "\n"))),
            },
            cancellationToken)));
        return string.Concat(said.Select(
            part => part.EndsWith(End, StringComparison.Ordinal) ? part[..^End.Length] : $"cut off: {part}"));
    }
}
