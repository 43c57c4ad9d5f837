namespace Buildd.Master.Choosing;

/// <summary>
/// How builds of different owners share the builders. Within one owner the order is always score, then age. Between owners
/// each one's first build is compared, by its score,
/// <list type="bullet">
/// <item>less <see cref="PointsPerRunningBuild"/> for each build of that owner that is on a builder,</item>
/// <item>plus <see cref="PointsPerMinute"/> for each minute since that owner last got a builder (or, if later, since the
/// build came into the queue).</item>
/// </list>
/// So whoever floods the queue falls back with each builder he gets, and whoever gets none rises without end: no score
/// keeps another owner waiting for ever.
/// </summary>
public sealed record FairShareOptions
{
    /// <summary>Whether owners count; true by default. If not, the order is score, then age, as the original's.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Points per build on a builder; default 100: fifteen of them weigh as much as one pocket in Launchpad's scores.</summary>
    public double PointsPerRunningBuild { get; init; } = 100;

    /// <summary>
    /// Points per minute of waiting; default 10: a rebuild, 2600 points below ordinary builds, is not held up by others'
    /// for longer than four and a half hours.
    /// </summary>
    public double PointsPerMinute { get; init; } = 10;

    /// <summary>
    /// How much of the farm an owner may have beside others: with 2 its running builds count half. Owners that are not here
    /// have 1. More than zero.
    /// </summary>
    public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();
}
