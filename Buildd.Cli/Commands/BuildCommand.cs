using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol.Messages;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm build</c>: queues the builds of a source package or of a live filesystem.</summary>
internal static class BuildCommand
{
    private const string ArchitectureIndependent = "all";

    internal static Command Create()
    {
        var file = new Argument<string?>("FILE.dsc")
        {
            Description = "The source package's description; what it lists is beside it. None with --livefs.",
            Arity = ArgumentArity.ZeroOrOne,
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
            "build", "Queue the builds of a source package, or of a live filesystem (--livefs). The files of a source package are "
                + "checked and copied.") { file, suite, component, ddebs, manager };
        common.AddTo(command);
        livefs.AddTo(command);
        command.Add(wait);
        command.Add(json);
        command.Validators.Add(result =>
        {
            var isImage = result.GetResult(livefs.Project) is not null;
            if (isImage == result.GetResult(file) is { Tokens.Count: > 0 })
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
            IReadOnlyList<NewBuild> wanted;
            if (parsed.GetValue(livefs.Project) is not null)
            {
                wanted = livefs.Read(request, parsed, chroots);
            }
            else
            {
                BuildChecks.RequirePackageNames(
                    session, request, parsed.GetValue(suite), parsed.GetValue(component)!, parsed.GetValue(manager)!);
                var path = Path.GetFullPath(parsed.GetValue(file)!);
                var package = await ReadAsync(path, stop);
                BuildChecks.RequireComplete(path, package);
                var architectures = Architectures(package, request.Architectures, request.Series, chroots);
                BuildChecks.RequireChroots(request, architectures, chroots);
                var files = await TakeInAsync(session, path, package, stop);
                wanted = BuildChecks.Make(
                    architectures.Select((tag, index) => new PackageSpecification
                    {
                        Source = package.Source,
                        Version = package.Version,
                        Series = request.Series,
                        Suite = parsed.GetValue(suite),
                        ArchTag = tag,
                        Files = files,
                        Component = parsed.GetValue(component)!,
                        Archives = request.Sources,
                        ArchIndep = index == 0 && package.Architectures.Contains(ArchitectureIndependent),
                        BuildDebugSymbols = parsed.GetValue(ddebs),
                        Requester = request.Requester,
                    }.ToNewBuild(request.Distribution, request.Owner, request.Score) with { Manager = parsed.GetValue(manager)! }));
            }

            wanted = [.. wanted.Select(request.Complete)];
            await BuildChecks.WarnOfBuildersAsync(session, wanted, stop);

            return await TellAsync(
                session, await session.Store.Builds.AddAsync(wanted, stop), parsed.GetValue(wait),
                parsed.GetValue(json), stop);
        }, makesStore: true);
    }

    private static async Task<SourceControl> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!path.EndsWith(".dsc", StringComparison.Ordinal))
            throw new FarmException($"{path} is no .dsc: name the description of a source package") { ExitCode = FarmExitCode.Usage };
        try
        {
            return await SourceControl.ReadFileAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FarmException.NotFound($"{path} is not there");
        }
    }

    /// <summary>The architectures to build for; the first also builds what is for all of them.</summary>
    private static List<string> Architectures(
        SourceControl package, IReadOnlyList<string> wanted, string series, IReadOnlyList<ChrootRecord> chroots)
    {
        var table = ArchitectureTable.Load();
        bool IsFor(string tag) => package.Architectures.Any(
            word => word == ArchitectureIndependent ? package.Architectures.Count == 1 : table.Matches(tag, word));
        // What is for all architectures is built on any, where none of the package's own can be had.
        var hasIndependent = package.Architectures.Contains(ArchitectureIndependent);
        if (wanted.Count > 0)
        {
            return wanted.FirstOrDefault(tag => !IsFor(tag) && !(hasIndependent && wanted.Count == 1)) is { } other
                ? throw new FarmException(
                    $"{package.Source} {package.Version} is for {string.Join(' ', package.Architectures)}, not for {other}")
                : [.. wanted.Distinct()];
        }

        var there = chroots.Where(chroot => chroot.Series == series).Select(chroot => chroot.ArchTag).ToList();
        var fitting = there.Where(IsFor).ToList();
        if (fitting.Count == 0 && hasIndependent)
            fitting.AddRange(there.Take(1));
        if (fitting.Count == 0)
        {
            throw FarmException.NotFound(
                $"there is no chroot of {series} for {string.Join(' ', package.Architectures)}: add one with 'buildd-farm chroots add', "
                    + "or name the architecture with --arch and --without-chroot and add it later");
        }

        // What is for all architectures alone is built once.
        return package.Architectures is [ArchitectureIndependent] ? fitting[..1] : fitting;
    }

    private static async Task<IReadOnlyList<SourceFile>> TakeInAsync(
        FarmSession session, string path, SourceControl package, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(path)!;
        var files = new List<SourceFile>();
        foreach (var listed in package.Files)
            files.Add(
                new SourceFile(
                    listed.Name, (await session.Inputs.AddAsync(Path.Combine(folder, listed.Name), listed, cancellationToken)).Sha1));
        var description = await session.Inputs.AddAsync(path, expected: null, cancellationToken);
        return [new SourceFile(FileName.Check(Path.GetFileName(path)), description.Sha1), .. files];
    }

    private static async Task<int> TellAsync(
        FarmSession session, IReadOnlyList<Build> builds, bool waits, bool isJson, CancellationToken cancellationToken)
    {
        if (!waits)
        {
            if (isJson)
                Listing.WriteJson(session.Output, builds, RecordJson.Write);
            else
                await session.Output.WriteLineAsync(
                    string.Join('\n', builds.Select(build => $"{build.Cookie}: {Printable.Text(build.Title)}")));
            return FarmExitCode.Done;
        }

        var ended = new List<Build>();
        foreach (var build in builds)
        {
            await session.Error.WriteLineAsync($"{build.Cookie}: {Printable.Text(build.Title)}");
            ended.Add(await BuildWatch.FollowAsync(session, build.Id, says: true, showsLog: !isJson, toTheEnd: true, cancellationToken));
        }

        if (isJson)
            Listing.WriteJson(session.Output, ended, RecordJson.Write);
        else if (ended.Exists(build => build.State == BuildState.FullyBuilt))
            await session.Error.WriteLineAsync($"The results are in {session.Configuration.Uploads.ArchiveFolder}");
        return ended.TrueForAll(build => build.State == BuildState.FullyBuilt) ? FarmExitCode.Done : FarmExitCode.NotWell;
    }
}
