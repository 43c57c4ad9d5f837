using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm queue</c>: what runs, waits, or was.</summary>
internal static class QueueCommand
{
    internal static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Also those that have left the queue; the youngest first." };
        var which = new BuildFilterOptions();
        var before = new Option<long?>("--before")
        {
            Description = "With --all: those with a lower number, to go on where a list ended.",
            HelpName = "NUMBER",
        };
        var count = new Option<int>("--count", "-n")
        {
            Description = $"How many at most, up to {BuildFilter.MaxCount}.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => new BuildFilter().Count,
        };
        Listing.RequireRange(count, 1, BuildFilter.MaxCount);
        var json = Listing.JsonOption();
        var command = new Command("queue", "List the builds that run, and those that wait, in their order.") { all };
        foreach (var option in which.All)
            command.Add(option);
        command.Add(before);
        command.Add(count);
        command.Add(json);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var filter = which.Read(parsed) with { Before = parsed.GetValue(before), Count = parsed.GetValue(count) };
            var builds =
                parsed.GetValue(all) ? await session.Store.Builds.ListAsync(filter, stop) : await QueuedAsync(session, filter, stop);
            builds = await session.ThoseSeenAsync(builds, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, builds, RecordJson.Write);
            else
                Listing.WriteTable(session.Output, ["BUILD", "STATE", "SCORE", "SINCE", "BUILDER", "TITLE"], builds.Select(Row));
            return FarmExitCode.Done;
        }).WhoMay("everybody, and lists what they see");
    }

    private static async Task<IReadOnlyList<Build>> QueuedAsync(
        FarmSession session, BuildFilter filter, CancellationToken cancellationToken)
    {
        var queue = await session.Store.Builds.ListQueueAsync(filter, cancellationToken);
        if (queue.Count > queue.Builds.Count && session.ActsAs is null) // how many there are tells of what one may not see
            await session.Error.WriteLineAsync($"{queue.Builds.Count} of {queue.Count} builds; --count shows more");
        return queue.Builds;
    }

    private static IReadOnlyList<string> Row(Build build) =>
    [
        build.Cookie.ToString(),
        build.Queue == QueueState.Suspended ? "SUSPENDED" : build.State.ToName(),
        Listing.Text(build.Score),
        Listing.Text(build.Finished ?? build.Started ?? build.Queued),
        build.Builder ?? "-",
        build.Title,
    ];
}
