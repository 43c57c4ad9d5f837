namespace Buildd.Farm.Builds;

/// <summary>The score that a build gets when it is queued: the points are Launchpad's, so that its administrators know them.</summary>
internal static class Scores
{
    /// <summary>A live filesystem's, before what archive and live filesystem add.</summary>
    internal const int LiveFs = 2510;

    /// <summary>
    /// The score of a live filesystem in the proposal that the farm was founded on: that of a package of main, release and low urgency.
    /// </summary>
    internal const int LiveFsOf2014 = 2505;

    private const int Private = 10_000;
    private const int Copy = -2600;

    /// <summary>The score of a live filesystem's build.</summary>
    /// <param name="archive">The archive's relative score.</param>
    /// <param name="livefs">The live filesystem's.</param>
    internal static int OfLiveFs(int archive, int livefs) => LiveFs + archive + livefs;

    /// <summary>The score of a source package's build.</summary>
    /// <param name="isPrivate">Whether the archive is private.</param>
    /// <param name="isCopy">Whether it is a copy archive, in which everything is built anew when nothing else waits.</param>
    /// <param name="archive">The archive's relative score.</param>
    /// <param name="section">The source's section; null when it has none.</param>
    /// <param name="urgency">The urgency of its changes, such as <c>low</c>.</param>
    /// <param name="pocket">The pocket, such as <c>release</c>.</param>
    /// <param name="component">The component, such as <c>main</c>.</param>
    internal static int OfPackage(
        bool isPrivate, bool isCopy, int archive, string? section, string urgency, string pocket, string component)
    {
        var score = (isPrivate ? Private : 0) + (isCopy ? Copy : 0) + archive;
        return section == "translations" ? score : score + OfUrgency(urgency) + OfPocket(pocket) + OfComponent(component);
    }

    private static int OfUrgency(string urgency) => urgency switch
    {
        "medium" => 10,
        "high" => 15,
        "emergency" or "critical" => 20,
        _ => 5,
    };

    private static int OfPocket(string pocket) => pocket switch
    {
        "security" => 4500,
        "proposed" or "updates" => 3000,
        "release" => 1500,
        _ => 0,
    };

    private static int OfComponent(string component) => component switch
    {
        "partner" => 1250,
        "main" => 1000,
        "restricted" => 750,
        "universe" => 250,
        _ => 0,
    };
}
