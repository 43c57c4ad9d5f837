using Buildd.Master.Builds;

namespace Buildd.Farm.Store;

/// <summary>
/// The statements that list builds for people. Each goes through the index that its filter makes the best, so that it costs the same
/// however many builds the farm has had, and whether or not an engine has statistics. An index ends with columns that other filters look
/// at, which then pass over rows without reading them.
/// </summary>
internal static class BuildListings
{
    private const string IsQueued = "queue IS NOT NULL";

    /// <summary>The order of the queue, in parts: on a builder (1 and 2), waiting, suspended. Within each an index has the order.</summary>
    private static readonly string[] QueueParts = ["queue IN (1, 2)", "queue = 0", "queue = 3"];

    /// <summary>Builds in the queue or not, the youngest first.</summary>
    internal static SelectStatement All(BuildFilter filter) =>
        Make(Index(filter), [], filter, "ORDER BY id DESC LIMIT @count", ("count", filter.Count));

    /// <summary>The parts of the queue, in its order.</summary>
    /// <param name="filter">Which builds.</param>
    /// <param name="part">The part, from 0 to <see cref="QueuePartCount"/> - 1.</param>
    /// <param name="count">How many builds of it at most.</param>
    internal static SelectStatement Queue(BuildFilter filter, int part, int count) =>
        Make(QueueIndex(filter), [QueueParts[part]], filter, "ORDER BY score DESC, id LIMIT @count", ("count", count));

    /// <summary>The number of parts of the queue.</summary>
    internal static int QueuePartCount => QueueParts.Length;

    /// <summary>The builds of the queue, to be counted.</summary>
    internal static SelectStatement QueueCount(BuildFilter filter) => Make(QueueIndex(filter), [IsQueued], filter, "");

    /// <summary>The index with the fewest builds that don't fit; null for the order of the numbers, or the engine's choice.</summary>
    private static string? Index(BuildFilter filter) => filter switch
    {
        { Subject: not null } => "build_by_subject",
        { Builder: not null } => "build_by_builder",
        { Owner: not null, State: not null } => "build_by_owner_and_state",
        { Owner: not null } => "build_by_owner",
        { Processor: not null, State: not null } => "build_by_processor_and_state",
        { Processor: not null } => "build_by_processor",
        { State: not null } => "build_by_state",
        _ => null,
    };

    private static string QueueIndex(BuildFilter filter) => filter switch
    {
        { Subject: not null } => "build_by_subject",
        { Builder: not null } => "build_by_builder",
        { Owner: not null } => "build_in_queue_by_owner",
        { Processor: not null } => "build_in_queue_by_processor",
        _ => "build_in_queue",
    };

    private static SelectStatement Make(
        string? index,
        IReadOnlyList<string> conditions,
        BuildFilter filter,
        string end,
        params IReadOnlyList<(string Name, object? Wanted)> more)
    {
        (string Condition, string Name, object? Wanted)[] known =
        [
            ("state = @state", "state", (long?)filter.State),
            ("queue = @queue", "queue", (long?)filter.Queue),
            ("job_type = @job_type", "job_type", filter.JobType),
            ("owner = @owner", "owner", filter.Owner),
            ("subject = @subject", "subject", filter.Subject),
            ("processor = @processor", "processor", filter.Processor),
            ("builder = @builder", "builder", filter.Builder),
            ("id < @before", "before", filter.Before),
        ];
        var wanted = known.Where(one => one.Wanted is not null).ToList();
        string[] all = [.. conditions, .. wanted.Select(one => one.Condition)];
        var where = all.Length == 0 ? "" : $"WHERE {string.Join(" AND ", all)} ";
        return new SelectStatement(
            index, where + end, wanted.Select(one => (one.Name, one.Wanted)).Concat(more).ToDictionary(one => one.Name, one => one.Wanted));
    }
}
