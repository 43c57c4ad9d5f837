using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Builds;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.LiveFs;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm retry</c>: builds by their names, or all that are chosen by what they are.</summary>
internal static class RetryCommand
{
    /// <summary>
    /// The states that are chosen where none is named: what failed for a reason that may be gone, and not what people ended.
    /// </summary>
    private static readonly BuildState[] Failed = [BuildState.FailedToBuild, BuildState.ManualDepWait, BuildState.ChrootWait];

    internal static Command Create()
    {
        var (names, which, json) = (BuildName.Arguments(mayBeNone: true), new BuildFilterOptions(), Listing.JsonOption());
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Only tell which would be queued again." };
        var command = new Command(
            "retry", "Queue builds again that have failed or were cancelled, their counts of failures zeroed: those that are named, or all "
                + "that the options choose; without --state those that are FAILEDTOBUILD, MANUALDEPWAIT or CHROOTWAIT. Where only the "
                + "upload failed, 'retry-upload' need not build.") { names };
        foreach (var option in which.All)
            command.Add(option);
        command.Add(dryRun);
        command.Add(json);
        command.Validators.Add(result =>
        {
            var isNamed = result.GetResult(names) is { Tokens.Count: > 0 };
            var isChosen = which.All.Any(option => result.GetResult(option) is not null);
            if (isNamed == isChosen)
            {
                result.AddError(isNamed
                    ? "Either name builds, or choose them by options."
                    : "Name builds, or choose them by options, such as --state CHROOTWAIT or --source NAME.");
            }
        });
        return command.WithSession(async (session, parsed, stop) =>
        {
            IReadOnlyList<BuildName> chosen = parsed.GetValue(names)!;
            if (chosen.Count == 0)
                chosen = await ChooseAsync(session, which.Read(parsed), stop);
            var now = session.Time.GetUtcNow();
            if (chosen.Count == 0)
                await session.Error.WriteLineAsync("No build is like that.");
            return await ChangeCommands.ChangeAsync(
                session,
                BuildRights.Edit,
                "retried",
                chosen,
                parsed.GetValue(json),
                build => Retry(build, now),
                stop,
                parsed.GetValue(dryRun));
        }).WhoMay(BuildRights.Edit.Who);
    }

    /// <summary>A build of a live filesystem has a version of its own, so that a second try is another build.</summary>
    private static Build Retry(Build build, DateTimeOffset now) => build.JobType != LiveFsJobKind.Name
        ? build.Retried(now)
        : throw new FarmException(
            $"{build.Cookie} is a live filesystem's build, and those are not tried again: request another build with "
                + "'livefs request' or 'build --livefs'");

    /// <summary>The builds that fit, the oldest first, as they shall be built.</summary>
    private static async Task<IReadOnlyList<BuildName>> ChooseAsync(FarmSession session, BuildFilter filter, CancellationToken stop)
    {
        var found = new List<long>();
        foreach (var state in filter.State is { } one ? [one] : Failed)
        {
            for (var page = filter with { State = state, Count = BuildFilter.MaxCount }; ;)
            {
                var builds = await session.Store.Builds.ListAsync(page, stop);
                var seen = await session.ThoseSeenAsync(builds, stop);
                found.AddRange(seen.Where(build => build.JobType != LiveFsJobKind.Name).Select(build => build.Id));
                if (builds.Count < BuildFilter.MaxCount)
                    break;
                page = page with { Before = builds[^1].Id };
            }
        }

        return [.. found.Order().Select(id => new BuildName(id, null))];
    }
}
