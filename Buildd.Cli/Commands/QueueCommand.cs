using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Linux.Files;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm queue</c>: what runs, waits, or was.</summary>
internal static class QueueCommand
{
    internal static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Also those that have left the queue; the youngest first." };
        var state = new Option<BuildState?>("--state")
        {
            Description = "Those in this state, such as NEEDSBUILD or FAILEDTOBUILD.",
            HelpName = "NAME",
            CustomParser = ParseState,
        };
        var owner = new Option<string?>("--owner") { Description = "Those of this owner.", HelpName = "NAME" };
        var subject = new Option<string?>("--source") { Description = "Those of this source package.", HelpName = "NAME" };
        var arch = new Option<string?>("--arch", "-a") { Description = "Those for this processor.", HelpName = "NAME" };
        var builder = new Option<string?>("--builder") { Description = "Those on, or built by, this builder.", HelpName = "NAME" };
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
        return new Command("queue", "List the builds that run, and those that wait, in their order.")
        {
            all, state, owner, subject, arch, builder, before, count, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var filter = new BuildFilter
            {
                State = parsed.GetValue(state),
                Owner = parsed.GetValue(owner),
                Subject = parsed.GetValue(subject),
                Processor = parsed.GetValue(arch),
                Builder = parsed.GetValue(builder),
                Before = parsed.GetValue(before),
                Count = parsed.GetValue(count),
            };
            var builds =
                parsed.GetValue(all) ? await session.Store.Builds.ListAsync(filter, stop) : await QueuedAsync(session, filter, stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, builds, RecordJson.Write);
            else
                Listing.WriteTable(session.Output, ["BUILD", "STATE", "SCORE", "SINCE", "BUILDER", "TITLE"], builds.Select(Row));
            return FarmExitCode.Done;
        });
    }

    private static async Task<IReadOnlyList<Build>> QueuedAsync(
        FarmSession session, BuildFilter filter, CancellationToken cancellationToken)
    {
        var queue = await session.Store.Builds.ListQueueAsync(filter, cancellationToken);
        if (queue.Count > queue.Builds.Count)
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

    private static BuildState? ParseState(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (BuildNames.TryParse(result.Tokens[0].Value.ToUpperInvariant(), out var state))
            return state;
        result.AddError(
            $"{FileName.Display(result.Tokens[0].Value)} is no state; there are "
                + $"{string.Join(", ", Enum.GetValues<BuildState>().Select(known => known.ToName()))}.");
        return null;
    }
}
