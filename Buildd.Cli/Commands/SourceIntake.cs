using Buildd.Cli.Application;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;

namespace Buildd.Cli.Commands;

/// <summary>The options that only source packages have.</summary>
internal sealed record SourceRequest
{
    internal required string? Suite { get; init; }

    internal required string Component { get; init; }

    internal required bool BuildDebugSymbols { get; init; }

    internal required string Manager { get; init; }

    /// <summary>Whether a key is each source's own, so that it can be given for several.</summary>
    internal required bool HasKeyPerSource { get; init; }
}

/// <summary>
/// Makes builds of source packages: reads and checks them, and copies their files to where slaves fetch them. Any thread may call.
/// </summary>
/// <param name="session">The farm.</param>
/// <param name="request">What all kinds of builds are asked for with.</param>
/// <param name="options">What source packages are.</param>
/// <param name="chroots">The farm's chroots.</param>
internal sealed class SourceIntake(
    FarmSession session, BuildRequest request, SourceRequest options, IReadOnlyList<ChrootRecord> chroots)
{
    private const string ArchitectureIndependent = "all";

    private readonly ArchitectureTable _table = ArchitectureTable.Load();

    /// <summary>Takes a source package in. Its files are certainly there after <see cref="Flush"/>.</summary>
    /// <param name="file">The <c>.dsc</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>A build for each architecture, to be added.</returns>
    internal async Task<IReadOnlyList<NewBuild>> TakeAsync(string file, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(file);
        var package = await ReadAsync(path, cancellationToken);
        BuildChecks.RequireComplete(path, package);
        var architectures = Architectures(package);
        BuildChecks.RequireChroots(request, architectures, chroots);
        var files = await TakeFilesAsync(path, package, cancellationToken);
        var own = options.HasKeyPerSource && request.Key is { } key
            ? request with { Key = $"{key}/{package.Source}_{package.Version}" }
            : request;
        return BuildChecks.Make(
            architectures.Select((tag, index) => own.Complete(
                new PackageSpecification
                {
                    Source = package.Source,
                    Version = package.Version,
                    Series = request.Series,
                    Suite = options.Suite,
                    ArchTag = tag,
                    Files = files,
                    Binaries = package.Binaries,
                    Component = options.Component,
                    Archives = request.Sources,
                    ArchIndep = index == 0 && package.Architectures.Contains(ArchitectureIndependent),
                    BuildDebugSymbols = options.BuildDebugSymbols,
                    Requester = request.Requester,
                }.ToNewBuild(request.Distribution, request.Owner, request.Score) with
                { Manager = options.Manager })));
    }

    /// <summary>Waits until all that was taken in is certainly there: before builds that need it are added.</summary>
    internal void Flush() => session.Inputs.Flush();

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
        catch (IOException e)
        {
            throw new FarmException(e.Message, e);
        }
    }

    /// <summary>The architectures to build for; the first also builds what is for all of them.</summary>
    private List<string> Architectures(SourceControl package)
    {
        bool IsFor(string tag) => package.Architectures.Any(
            word => word == ArchitectureIndependent ? package.Architectures.Count == 1 : _table.Matches(tag, word));
        // What is for all architectures is built on any, where none of the package's own can be had.
        var hasIndependent = package.Architectures.Contains(ArchitectureIndependent);
        var wanted = request.Architectures;
        if (wanted.Count > 0)
        {
            return wanted.FirstOrDefault(tag => !IsFor(tag) && !(hasIndependent && wanted.Count == 1)) is { } other
                ? throw new FarmException(
                    $"{package.Source} {package.Version} is for {string.Join(' ', package.Architectures)}, not for {other}")
                : [.. wanted.Distinct()];
        }

        var there = chroots.Where(chroot => chroot.Series == request.Series).Select(chroot => chroot.ArchTag).ToList();
        var fitting = there.Where(IsFor).ToList();
        if (fitting.Count == 0 && hasIndependent)
            fitting.AddRange(there.Take(1));
        if (fitting.Count == 0)
        {
            throw FarmException.NotFound(
                $"there is no chroot of {request.Series} for {string.Join(' ', package.Architectures)}: add one with 'buildd-farm "
                    + "chroots add', or name the architecture with --arch and --without-chroot and add it later");
        }

        // What is for all architectures alone is built once.
        return package.Architectures is [ArchitectureIndependent] ? fitting[..1] : fitting;
    }

    private async Task<IReadOnlyList<SourceFile>> TakeFilesAsync(string path, SourceControl package, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(path)!;
        var files = new List<SourceFile>();
        foreach (var listed in package.Files)
        {
            var stored = await session.Inputs.TakeAsync(Path.Combine(folder, listed.Name), listed, cancellationToken);
            files.Add(new SourceFile(listed.Name, stored.Sha1));
        }

        var description = await session.Inputs.TakeAsync(path, expected: null, cancellationToken);
        return [new SourceFile(FileName.Check(Path.GetFileName(path)), description.Sha1), .. files];
    }
}
