using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Archives;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Linux.Text;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands.LiveFilesystems;

/// <summary><c>buildd-farm livefs request</c>: asks for a build.</summary>
internal static class LiveFsRequestCommand
{
    internal static Command Create()
    {
        var path = LiveFsCommand.PathArgument();
        var archive = new Option<string?>("--archive")
        {
            Description = "The archive that it is built from (default: the primary one of the distribution).",
            HelpName = "REFERENCE",
        };
        var arch = new Option<string[]>("--arch", "-a")
        {
            Description = "An architecture of the series; may be given several times, for a build each.",
            HelpName = "NAME",
            Required = true,
        };
        var pocket = new Option<string>("--pocket")
        {
            Description = "The pocket.",
            HelpName = "NAME",
            DefaultValueFactory = _ => Pocket.Release.ToName().ToLowerInvariant(),
        };
        pocket.AcceptOnlyFromAmong([.. PocketNames.All.Select(name => name.ToLowerInvariant())]);
        var key = new Option<string?>("--unique-key")
        {
            Description = "What tells several builds of one live filesystem apart.",
            HelpName = "TEXT",
        };
        var version = new Option<string?>("--version-of-image")
        {
            Description = "The version that its files get (default: the time, such as 20140425-103800).",
            HelpName = "TEXT",
        };
        var metadata = LiveFsJsonOption.Metadata();
        var wait = new Option<bool>("--wait", "-w")
        {
            Description = "Show the log as it grows, and wait until it is over. Ends with 2 if a build is not well.",
        };
        var json = Listing.JsonOption();
        return new Command(
            "request",
            "Ask for builds of a live filesystem. --metadata wins over its own. While an identical request waits, it is refused.")
        {
            path, archive, arch, pocket, key, version, metadata, wait, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var actor = await session.ActorAsync(stop);
            var of = parsed.GetValue(path)!;
            var livefs = await LiveFsCommand.GetAsync(session, actor, of, stop);
            var over = await LiveFsJsonOption.ReadAsync(parsed.GetValue(metadata), stop) ?? "{}";
            var asked = new List<FarmBuild>();
            foreach (var tag in parsed.GetValue(arch)!.Distinct())
            {
                asked.Add(await session.Records.LiveFsRequests.AddAsync(
                    actor,
                    livefs.Id,
                    new LiveFsRequest
                    {
                        Archive = parsed.GetValue(archive) ?? of.Distribution,
                        Architecture = tag,
                        Pocket = PocketNames.Parse(parsed.GetValue(pocket)!)!.Value,
                        UniqueKey = parsed.GetValue(key),
                        MetadataOverride = over,
                        Version = parsed.GetValue(version),
                    },
                    stop));
                if (!parsed.GetValue(json))
                    await session.Output.WriteLineAsync($"{asked[^1].Build.Cookie}: {Printable.Text(asked[^1].Build.Title)}");
            }

            var builds = asked.Select(one => one.Build).ToList();
            if (parsed.GetValue(wait))
                builds = await FollowAsync(session, builds, parsed.GetValue(json), stop);
            if (parsed.GetValue(json))
                Listing.WriteJson(session.Output, builds, RecordJson.Write);
            return !parsed.GetValue(wait) || builds.TrueForAll(build => build.State == BuildState.FullyBuilt)
                ? FarmExitCode.Done
                : FarmExitCode.NotWell;
        }).WhoMay(
            $"{LiveFsRights.Request.Who}, while the setting soyuz.livefs.allow_new is on");
    }

    private static async Task<List<Build>> FollowAsync(
        FarmSession session, List<Build> builds, bool isJson, CancellationToken cancellationToken)
    {
        var ended = new List<Build>();
        foreach (var build in builds)
        {
            var printer = isJson ? null : new LogPrinter(session.Logs, session.Output);
            ended.Add(await BuildWatch.FollowAsync(session, build.Id, says: true, printer, toTheEnd: true, cancellationToken));
        }

        return ended;
    }
}
