namespace Buildd.Protocol.Messages.Arguments;

/// <summary>The parts of a series that are published apart, by Launchpad's names.</summary>
public static class Pockets
{
    private static readonly string[] Names = ["SECURITY", "UPDATES", "PROPOSED", "BACKPORTS"];

    /// <summary>
    /// The series and the pocket of a suite, such as <c>bookworm</c> and <c>PROPOSED</c> of <c>bookworm-proposed</c>. A suite with
    /// another ending is a series of its own, in the pocket <c>RELEASE</c>.
    /// </summary>
    public static (string Series, string Pocket) Split(string suite) =>
        Array.Find(
            Names, pocket =>
                suite.Length > pocket.Length + 1 && suite.EndsWith($"-{pocket}", StringComparison.OrdinalIgnoreCase)) is { } found
            ? (suite[..^(found.Length + 1)], found)
            : (suite, "RELEASE");

    /// <summary>
    /// All suites of a series, such as <c>bookworm</c>, <c>bookworm-security</c> and so on: who installs from one of them has others in
    /// the sources, too.
    /// </summary>
    public static IReadOnlyList<string> SuitesOf(string series) =>
        [series, .. Names.Select(pocket => $"{series}-{pocket.ToLowerInvariant()}")];
}
