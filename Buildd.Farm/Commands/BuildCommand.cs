using System.CommandLine;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Farm.Store;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;

namespace Buildd.Farm.Commands;

/// <summary><c>buildd-farm build</c>: queues the builds of a source package.</summary>
internal static class BuildCommand
{
    private const string ArchitectureIndependent = "all";

    internal static Command Create()
    {
        var file = new Argument<string>("FILE.dsc") { Description = "The source package's description; what it lists is beside it." };
        var series = new Option<string?>("--series", "-s") { Description = "The series to build for (default: the configuration's).", HelpName = "NAME" };
        var suite = new Option<string?>("--suite") { Description = "The suite that sbuild is told, such as trixie-proposed (default: the series).", HelpName = "NAME" };
        var arch = new Option<string[]?>("--arch", "-a") { Description = "An architecture to build for; may be given several times (default: each that the package is for and the series has a chroot of).", HelpName = "NAME" };
        var component = new Option<string>("--component") { Description = "The component that the source is in.", HelpName = "NAME", DefaultValueFactory = _ => "main" };
        var distribution = new Option<string?>("--distribution", "-d") { Description = "The distribution (default: the configuration's).", HelpName = "NAME" };
        var owner = new Option<string>("--owner") { Description = "Whose build it is: owners share the farm.", HelpName = "NAME", DefaultValueFactory = _ => "" };
        var score = new Option<int>("--score") { Description = "The higher, the earlier.", HelpName = "NUMBER", DefaultValueFactory = _ => 0 };
        var key = new Option<string?>("--key") { Description = "If builds were queued with this key before, those are meant and none is added.", HelpName = "TEXT" };
        var source = new Option<string[]?>("--source") { Description = "A line of sources.list, in place of the configuration's; may be given several times.", HelpName = "LINE" };
        var ddebs = new Option<bool>("--debug-symbols") { Description = "Build packages of debug symbols, too." };
        var wait = new Option<bool>("--wait", "-w") { Description = "Show the log as it grows, and wait until builders are done. Ends with 2 if a build is not well." };
        var json = Listing.JsonOption();
        return new Command("build", "Queue the builds of a source package. Its files are checked and copied.")
        {
            file, series, suite, arch, component, distribution, owner, score, key, source, ddebs, wait, json,
        }.WithSession(async (session, parsed, stop) =>
        {
            var inSeries = parsed.GetValue(series) ?? session.Configuration.Series
                ?? throw new FarmException("nobody says which series to build for: name it with --series, or in the configuration's field Series") { ExitCode = ExitCode.Usage };
            var path = Path.GetFullPath(parsed.GetValue(file)!);
            var package = await ReadAsync(path, stop);
            var architectures = Architectures(package, parsed.GetValue(arch), inSeries, await session.Store.Chroots.ListAsync(stop));
            var files = await TakeInAsync(session, path, package, stop);
            var lines = parsed.GetValue(source) is { Length: > 0 } given ? given : session.Configuration.Sources;
            var builds = await session.Store.Builds.AddAsync([.. architectures.Select((tag, index) => new PackageSpecification
            {
                Source = package.Source,
                Version = package.Version,
                Series = inSeries,
                Suite = parsed.GetValue(suite),
                ArchTag = tag,
                Files = files,
                Component = parsed.GetValue(component)!,
                Archives = [.. lines.Select(line => line.Replace("%(series)s", inSeries, StringComparison.Ordinal))],
                ArchIndep = index == 0 && package.Architectures.Contains(ArchitectureIndependent),
                BuildDebugSymbols = parsed.GetValue(ddebs),
            }.ToNewBuild(parsed.GetValue(distribution) ?? session.Configuration.Distribution, parsed.GetValue(owner)!, parsed.GetValue(score)) with
            {
                UniqueKey = parsed.GetValue(key) is { } unique ? $"{unique}/{tag}" : null,
            })], stop);
            return await TellAsync(session, builds, parsed.GetValue(wait), parsed.GetValue(json), stop);
        });
    }

    private static async Task<SourceControl> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!path.EndsWith(".dsc", StringComparison.Ordinal))
            throw new FarmException($"{path} is no .dsc: name the description of a source package") { ExitCode = ExitCode.Usage };
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
    private static List<string> Architectures(SourceControl package, string[]? wanted, string series, IReadOnlyList<ChrootRecord> chroots)
    {
        var table = ArchitectureTable.Load();
        bool IsFor(string tag) => package.Architectures.Any(word => word == ArchitectureIndependent ? package.Architectures.Count == 1 : table.Matches(tag, word));
        if (wanted is { Length: > 0 })
        {
            return Array.Find(wanted, tag => !IsFor(tag)) is { } other
                ? throw new FarmException($"{package.Source} {package.Version} is for {string.Join(' ', package.Architectures)}, not for {other}")
                : [.. wanted.Distinct()];
        }

        var fitting = chroots.Where(chroot => chroot.Series == series && IsFor(chroot.ArchTag)).Select(chroot => chroot.ArchTag).ToList();
        if (fitting.Count == 0)
        {
            throw FarmException.NotFound(
                $"there is no chroot of {series} for {string.Join(' ', package.Architectures)}: add one with 'buildd-farm chroots add', or name the architecture with --arch and add it later");
        }

        // What is for all architectures alone is built once.
        return package.Architectures is [ArchitectureIndependent] ? fitting[..1] : fitting;
    }

    private static async Task<IReadOnlyList<SourceFile>> TakeInAsync(FarmSession session, string path, SourceControl package, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(path)!;
        var files = new List<SourceFile>();
        foreach (var listed in package.Files)
            files.Add(new SourceFile(listed.Name, (await session.Inputs.AddAsync(Path.Combine(folder, listed.Name), listed, cancellationToken)).Sha1));
        var description = await session.Inputs.AddAsync(path, expected: null, cancellationToken);
        return [new SourceFile(Debian.FileName.Check(Path.GetFileName(path)), description.Sha1), .. files];
    }

    private static async Task<int> TellAsync(FarmSession session, IReadOnlyList<Build> builds, bool waits, bool isJson, CancellationToken cancellationToken)
    {
        if (!waits)
        {
            if (isJson)
                Listing.WriteJson(session.Output, builds, RecordJson.Write);
            else
                await session.Output.WriteLineAsync(string.Join('\n', builds.Select(build => $"{build.Cookie}: {Printable.Text(build.Title)}")));
            return ExitCode.Done;
        }

        var ended = new List<Build>();
        foreach (var build in builds)
        {
            await session.Error.WriteLineAsync($"{build.Cookie}: {Printable.Text(build.Title)}");
            ended.Add(await BuildWatch.FollowAsync(session, build.Id, says: true, showsLog: !isJson, cancellationToken));
        }

        if (isJson)
            Listing.WriteJson(session.Output, ended, RecordJson.Write);
        foreach (var build in ended.Where(build => build is { State: BuildState.Uploading, Leaf: not null }))
            await session.Error.WriteLineAsync($"{build.Cookie}: the results are in {Path.Combine(session.Configuration.Results, "incoming", build.Leaf!)}");
        return ended.TrueForAll(BuildWatch.IsWell) ? ExitCode.Done : ExitCode.NotWell;
    }
}
