using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Builds;
using Buildd.Farm.Rights;
using Buildd.Linux.Text;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary>
/// <c>cancel</c> and <c>rescore</c>: what a person changes of builds. Each build is changed or not, for itself.
/// </summary>
internal static class ChangeCommands
{
    internal static Command CreateCancel()
    {
        var (names, json) = (BuildName.Arguments(), Listing.JsonOption());
        return new Command("cancel", "Cancel builds: those that wait at once, those that run as soon as their builder has stopped.")
        {
            names,
            json,
        }.WithSession((session, parsed, stop) =>
            ChangeAsync(session, BuildRights.Edit, "cancelled", parsed.GetValue(names)!, parsed.GetValue(json), build =>
            {
                var cancelled = build.CancelledBy(session.Time.GetUtcNow());
                return cancelled.State is BuildState.Cancelled or BuildState.Cancelling
                    ? cancelled
                    : throw new FarmException(
                        $"{build.Cookie} is {build.State.ToName()} and can't be cancelled: only builds that wait or run can");
            }, stop)).WhoMay(BuildRights.Edit.Who);
    }

    internal static Command CreateRescore()
    {
        var (name, json) = (BuildName.Argument(), Listing.JsonOption());
        var score = new Argument<int>("SCORE") { Description = "The higher, the earlier. Write a negative one after '--'." };
        return new Command("rescore", "Give a build that waits a score, which automatic scoring then leaves alone.") { name, score, json }
            .WithSession((session, parsed, stop) =>
            ChangeAsync(
                session,
                BuildRights.Administer,
                "rescored",
                [parsed.GetValue(name)!],
                parsed.GetValue(json),
                build => build.Rescored(parsed.GetValue(score)),
                stop)).WhoMay(BuildRights.Administer.Who);
    }

    /// <summary>Changes builds, each for itself, and tells of each.</summary>
    /// <returns>The worst exit code.</returns>
    internal static async Task<int> ChangeAsync(
        FarmSession session,
        Right<FarmBuild> right,
        string action,
        IReadOnlyList<BuildName> names,
        bool isJson,
        Func<Build, Build> change,
        CancellationToken cancellationToken,
        bool isDryRun = false)
    {
        var actor = await session.ActorAsync(cancellationToken);
        var worst = FarmExitCode.Done;
        var all = new List<Build>();
        foreach (var name in names)
        {
            try
            {
                var build = await session.FindBuildAsync(name, right, cancellationToken);
                var changed = isDryRun
                    ? change(build)
                    : await session.Records.BuildChanges.ChangeAsync(actor, build.Id, right, action, change, cancellationToken);
                all.Add(isDryRun ? build : changed);
                if (isJson)
                    continue;
                await session.Output.WriteLineAsync(isDryRun
                    ? Printable.Text($"{build.Cookie}: {build.State.ToTitle()}: {build.Title}")
                    : $"{build.Cookie}: {changed.State.ToTitle()}, score {Listing.Text(changed.Score)}");
            }
            catch (Exception e) when (e is FarmException or BuildStateException)
            {
                await session.Error.WriteLineAsync(Printable.Text(e.Message));
                worst = Math.Max(worst, e is FarmException { ExitCode: var code } ? code : FarmExitCode.Failed);
            }
        }

        if (isJson)
            Listing.WriteJson(session.Output, all, RecordJson.Write);
        return worst;
    }
}
