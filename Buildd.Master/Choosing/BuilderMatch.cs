using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Choosing;

/// <summary>Tells before a build is queued whether it would wait indefinitely. Any thread may call.</summary>
public static class BuilderMatch
{
    /// <summary>
    /// Returns why no builder of a farm could take a build, one sentence; null when one could as soon as it is free, in service and not
    /// manual.
    /// </summary>
    /// <param name="build">The build.</param>
    /// <param name="builders">All builders of the farm.</param>
    public static string? FindReason(NewBuild build, IReadOnlyList<Builder> builders)
    {
        ArgumentNullException.ThrowIfNull(build);
        ArgumentNullException.ThrowIfNull(builders);
        return FindReason(Demand.Of(build.ToBuild(0, 0, default)), builders);
    }

    internal static string? FindReason(Demand demand, IReadOnlyList<Builder> builders) =>
        builders.Any(demand.Fits) ? null
        : builders.Count == 0 ? "The farm has no builders."
        : $"No builder can build it: it needs {demand}"
            + (builders.Count == 1 ? $", and {builders[0].Name} {demand.Mismatch(builders[0])}." : ".");
}
