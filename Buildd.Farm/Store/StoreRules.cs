using System.Globalization;
using Buildd.Master.Builds;

namespace Buildd.Farm.Store;

/// <summary>What holds of records beyond what tables enforce. The statements are those of every engine, from the first schema on.</summary>
internal static class StoreRules
{
    private static readonly string OnBuilder = Numbers(BuildState.Building, BuildState.Gathering, BuildState.Cancelling);
    private static readonly string InQueue =
        Numbers(BuildState.NeedsBuild, BuildState.Building, BuildState.Gathering, BuildState.Cancelling);

    private static readonly string Waits = Numbers(QueueState.Waiting, QueueState.Suspended);
    private static readonly string Runs = Numbers(QueueState.Running, QueueState.Cancelling);

    /// <summary>What is wrong, and a SELECT of the names of the rows that are.</summary>
    internal static IReadOnlyList<(string Rule, string Broken)> All { get; } =
    [
        ("builds are on a builder, and not in the queue", Builds($"state IN ({OnBuilder}) AND queue IS NULL")),
        ("builds are over, and in the queue", Builds($"state NOT IN ({InQueue}) AND queue IS NOT NULL")),
        ("builds run, and have no builder", Builds($"queue IN ({Runs}) AND builder IS NULL")),
        ("builds wait in the queue, and are on a builder by their state", Builds($"queue IN ({Waits}) AND state IN ({OnBuilder})")),
        ("builds run in the queue, and wait by their state", Builds($"queue IN ({Runs}) AND state = {(int)BuildState.NeedsBuild}")),
        (
            "builders have several builds at a time",
            $"SELECT builder FROM build WHERE queue IN ({Runs}) AND builder IS NOT NULL GROUP BY builder "
                + "HAVING count(*) > 1 ORDER BY builder"),
        (
            "revisions are those of several builds",
            "SELECT CAST(revision AS TEXT) FROM build GROUP BY revision HAVING count(*) > 1 ORDER BY build.revision"),
        (
            "builders have a revision above the last one that was given, or there is no counter of these",
            "SELECT name FROM builder WHERE revision > coalesce((SELECT value FROM counter WHERE name = 'builder-revision'), -1) "
                + "ORDER BY name"),
        (
            "builds have no specification of what is to be built",
            Builds("NOT EXISTS (SELECT 1 FROM specification WHERE specification.build = id)")),
        (
            "there are specifications of builds that are not there",
            "SELECT CAST(build AS TEXT) FROM specification WHERE NOT EXISTS (SELECT 1 FROM build WHERE id = specification.build) "
                + "ORDER BY specification.build"),
    ];

    private static string Builds(string broken) => $"SELECT CAST(id AS TEXT) FROM build WHERE {broken} ORDER BY build.id";

    private static string Numbers<TEnum>(params IReadOnlyList<TEnum> values)
        where TEnum : struct, Enum =>
        string.Join(", ", values.Select(value => Convert.ToInt64(value, CultureInfo.InvariantCulture)));
}
