namespace Buildd.Master.Jobs;

/// <summary>The parts of a series that are published apart, by Launchpad's names.</summary>
internal static class Pockets
{
    private static readonly string[] Names = ["SECURITY", "UPDATES", "PROPOSED", "BACKPORTS"];

    /// <summary>
    /// A suite as titles of builds have it: series and pocket, such as <c>bookworm PROPOSED</c> for <c>bookworm-proposed</c>. A
    /// suite with another ending is a series of its own.
    /// </summary>
    internal static string Describe(string suite) =>
        Array.Find(Names, pocket => suite.Length > pocket.Length + 1 && suite.EndsWith($"-{pocket}", StringComparison.OrdinalIgnoreCase)) is { } found
            ? $"{suite[..^(found.Length + 1)]} {found}"
            : $"{suite} RELEASE";
}
