using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Linux.Text;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm build</c>: queues the builds of a source package or of a live filesystem.</summary>
internal static class BuildCommand
{
    internal static Command Create()
    {
        var files = new Argument<string[]>("FILE.dsc")
        {
            Description = "The descriptions of source packages; what one lists is beside it. None with --livefs.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var list = new Option<string?>("--from-file")
        {
            Description = "A file with the paths of more of them, one in a line; - for standard input. Blank lines and # are passed over.",
            HelpName = "LIST",
        };
        var suite = new Option<string?>("--suite")
        {
            Description = "The suite that sbuild is told, such as trixie-proposed (default: the series).",
            HelpName = "NAME",
        };
        var component = new Option<string>(
            "--component")
        { Description = "The component that the source is in.", HelpName = "NAME", DefaultValueFactory = _ => "main" };
        var ddebs = new Option<bool>("--debug-symbols") { Description = "Build packages of debug symbols, too." };
        var manager = new Option<string>("--manager")
        {
            Description = "What of a slave builds it: its own manager, or a plug-in that takes the same arguments.",
            HelpName = "TAG",
            DefaultValueFactory = _ => WireNames.Managers.BinaryPackage,
        };
        var common = new BuildOptions();
        var livefs = new LiveFsOptions();
        var wait = new Option<bool>("--wait", "-w")
        {
            Description = "Show the log as it grows, and wait until the results are in the archive. Ends with 2 if a build is not well.",
        };
        var json = Listing.JsonOption();
        var command = new Command(
            "build", "Queue the builds of source packages, or of a live filesystem (--livefs). The files of a source package are "
                + "checked and copied. Of several source packages each is queued or not, for itself.")
        {
            files, list, suite, component, ddebs, manager,
        };
        common.AddTo(command);
        livefs.AddTo(command);
        command.Add(wait);
        command.Add(json);
        command.Validators.Add(result =>
        {
            var isImage = result.GetResult(livefs.Project) is not null;
            if (isImage == (result.GetResult(files) is { Tokens.Count: > 0 } || result.GetResult(list) is not null))
                result.AddError("Either a FILE.dsc or --livefs says what to build.");
            Option[] others = isImage ? [suite, component, ddebs, manager] : [.. livefs.Details];
            if (Array.Find(others, option => result.GetResult(option) is { Implicit: false }) is { } other)
                result.AddError($"{other.Name} is for {(isImage ? "source packages" : "live filesystems, which --livefs names")}.");
        });
        return command.WithSession(async (session, parsed, stop) =>
        {
            var request = common.Read(session, parsed);
            var chroots = await session.Store.Chroots.ListAsync(stop);
            BuildChecks.RequireNames(request, chroots);
            var (waits, isJson) = (parsed.GetValue(wait), parsed.GetValue(json));
            if (parsed.GetValue(livefs.Project) is not null)
            {
                IReadOnlyList<NewBuild> wanted = [.. livefs.Read(request, parsed, chroots).Select(request.Complete)];
                await BuildChecks.WarnOfBuildersAsync(session, wanted, stop);
                return await TellAsync(session, await session.Store.Builds.AddAsync(wanted, stop), waits, isJson, isMany: false, stop);
            }

            BuildChecks.RequirePackageNames(
                session, request, parsed.GetValue(suite), parsed.GetValue(component)!, parsed.GetValue(manager)!);
            List<NamedSource> sources = [.. parsed.GetValue(files)!.Select(path => new NamedSource(path, null))];
            var isMany = sources.Count > 1 || parsed.GetValue(list) is not null;
            if (parsed.GetValue(list) is { } name)
                sources.AddRange(await SourceList.ReadAsync(name, stop));
            var intake = new SourceIntake(
                session,
                request,
                new SourceRequest
                {
                    Suite = parsed.GetValue(suite),
                    Component = parsed.GetValue(component)!,
                    BuildDebugSymbols = parsed.GetValue(ddebs),
                    Manager = parsed.GetValue(manager)!,
                    HasKeyPerSource = isMany,
                },
                chroots);
            return isMany
                ? await QueueManyAsync(session, intake, sources, waits, isJson, stop)
                : await TellAsync(
                    session, await QueueOneAsync(session, intake, sources[0].Path, stop), waits, isJson, isMany: false, stop);
        }, makesStore: true);
    }

    private static async Task<IReadOnlyList<Build>> QueueOneAsync(
        FarmSession session, SourceIntake intake, string path, CancellationToken cancellationToken)
    {
        var wanted = await intake.TakeAsync(path, cancellationToken);
        await BuildChecks.WarnOfBuildersAsync(session, wanted, cancellationToken);
        intake.Flush();
        return await session.Store.Builds.AddAsync(wanted, cancellationToken);
    }

    private static async Task<int> QueueManyAsync(
        FarmSession session, SourceIntake intake, IReadOnlyList<NamedSource> sources, bool waits, bool isJson,
        CancellationToken cancellationToken)
    {
        var queued = new List<Build>();
        var worst = await SourceBatches.QueueAsync(
            session,
            intake,
            sources,
            async builds =>
            {
                if (waits)
                    queued.AddRange(builds);
                else
                    await TellAsync(session, builds, waits: false, isJson, isMany: true, cancellationToken);
            },
            cancellationToken);
        return queued.Count == 0
            ? worst
            : Math.Max(worst, await TellAsync(session, queued, waits: true, isJson, isMany: true, cancellationToken));
    }

    private static async Task<int> TellAsync(
        FarmSession session, IReadOnlyList<Build> builds, bool waits, bool isJson, bool isMany, CancellationToken cancellationToken)
    {
        if (!waits)
        {
            if (isJson)
                WriteJson(session, builds, isMany);
            else
                await session.Output.WriteLineAsync(
                    string.Join('\n', builds.Select(build => $"{build.Cookie}: {Printable.Text(build.Title)}")));
            return FarmExitCode.Done;
        }

        var ended = new List<Build>();
        foreach (var build in builds)
        {
            await session.Error.WriteLineAsync($"{build.Cookie}: {Printable.Text(build.Title)}");
            var printer = isJson ? null : new LogPrinter(session.Logs, session.Output);
            ended.Add(await BuildWatch.FollowAsync(session, build.Id, says: true, printer, toTheEnd: true, cancellationToken));
        }

        if (isJson)
            WriteJson(session, ended, isMany);
        else if (ended.Exists(build => build.State == BuildState.FullyBuilt))
            await session.Error.WriteLineAsync($"The results are in {session.Configuration.Uploads.ArchiveFolder}");
        return ended.TrueForAll(build => build.State == BuildState.FullyBuilt) ? FarmExitCode.Done : FarmExitCode.NotWell;
    }

    /// <summary>Of one source an array, as in every listing; of many a line for each build, which a program reads as they come.</summary>
    private static void WriteJson(FarmSession session, IReadOnlyList<Build> builds, bool isMany)
    {
        if (isMany)
            Listing.WriteJsonLines(session.Output, builds, RecordJson.Write);
        else
            Listing.WriteJson(session.Output, builds, RecordJson.Write);
    }
}
