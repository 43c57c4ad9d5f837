using Buildd.Cli.Application;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;

namespace Buildd.Cli.Commands;

/// <summary>
/// Checks a request for builds before anything is copied or queued: what is mistyped is said at once, and not by a builder or by the
/// processing of the upload hours later.
/// </summary>
internal static class BuildChecks
{
    /// <summary>Checks the names that every kind of build has.</summary>
    /// <exception cref="FarmException">One can't be what it says.</exception>
    internal static void RequireNames(BuildRequest request, IReadOnlyList<ChrootRecord> chroots)
    {
        RequireWord("--series", request.Series);
        if (FileName.FindMistake(request.Distribution) is { } mistake)
            throw Wrong($"--distribution is {FileName.Display(request.Distribution)}: {mistake}");
        var table = ArchitectureTable.Load();
        foreach (var tag in request.Architectures.Where(tag => !chroots.Any(chroot => chroot.ArchTag == tag)))
        {
            if (!table.Matches(tag, "any-any"))
                throw Wrong($"--arch is {FileName.Display(tag)}, which is no architecture that dpkg or the farm knows");
        }
    }

    /// <summary>Checks the names that builds of source packages have besides.</summary>
    /// <exception cref="FarmException">One can't be what it says, or no upload with it would be accepted.</exception>
    internal static void RequirePackageNames(FarmSession session, BuildRequest request, string? suite, string component, string manager)
    {
        if (suite is not null)
            RequireWord("--suite", suite);
        RequireWord("--manager", manager);
        var policy = session.Configuration.Uploads.Policy;
        if (policy.Suites is { } suites && !suites.Contains(suite ?? request.Series))
        {
            throw Wrong(
                $"no upload for {suite ?? request.Series} would be accepted: the configuration's field Suites has "
                    + $"{string.Join(' ', suites.Order(StringComparer.Ordinal))}");
        }

        if (!policy.Components.Contains(component))
        {
            throw Wrong(
                $"--component is {FileName.Display(component)}, and the farm has "
                    + $"{string.Join(' ', policy.Components.Order(StringComparer.Ordinal))}; the configuration's field "
                    + "Components adds others");
        }
    }

    /// <summary>Checks that a source package can be unpacked at all.</summary>
    /// <exception cref="FarmException">Something is missing.</exception>
    internal static void RequireComplete(string path, SourceControl package)
    {
        if (Path.GetFileName(path).StartsWith('-'))
            throw Wrong($"{path} would be taken for an option by what builds it: rename it");
        if (SourceParts.FindMissing(package) is { } missing)
            throw new FarmException($"{path} lists no {missing[(missing.IndexOf(' ', StringComparison.Ordinal) + 1)..]}, which its format "
                + $"{package.Format} is made of: build the source package again");
    }

    /// <summary>Checks that there is a chroot for each architecture, unless one is to be added later.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal static void RequireChroots(
        BuildRequest request, IEnumerable<string> architectures, IReadOnlyList<ChrootRecord> chroots)
    {
        if (request.WithoutChroot)
            return;
        if (architectures.FirstOrDefault(
            tag => !chroots.Any(chroot => chroot.Series == request.Series && chroot.ArchTag == tag)) is { } lacking)
        {
            throw FarmException.NotFound(
                $"there is no chroot of {request.Series} for {lacking}: add one with 'buildd-farm chroots add', or queue the build all the "
                    + "same with --without-chroot and add it later");
        }
    }

    /// <summary>Makes builds; the records check what they are given, which is here what a person typed.</summary>
    /// <exception cref="FarmException">Something is too long.</exception>
    internal static IReadOnlyList<NewBuild> Make(IEnumerable<NewBuild> builds)
    {
        try
        {
            return [.. builds];
        }
        catch (ArgumentException e)
        {
            throw Wrong(e.Message.Split(" (Parameter")[0]);
        }
    }

    /// <summary>Warns of builds that no builder could ever take. A builder may be added later, so they are queued.</summary>
    internal static async Task WarnOfBuildersAsync(FarmSession session, IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken)
    {
        foreach (var (_, warning) in await FindWarningsAsync(session, builds, cancellationToken))
            await session.Error.WriteLineAsync(warning);
    }

    /// <summary>Returns a warning for each reason why builds would wait until a builder is added, with one of the builds.</summary>
    internal static async Task<IReadOnlyList<(string Reason, string Warning)>> FindWarningsAsync(
        FarmSession session, IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken)
    {
        var builders = await session.Store.Builders.ListAsync(cancellationToken);
        return
        [
            .. builds.GroupBy(build => BuilderMatch.FindReason(build, builders)).Where(group => group.Key is not null).Select(group =>
                (group.Key!, Printable.Text(group.Count() == 1
                    ? $"warning: {group.First().Title} waits until a builder is added. {group.Key}"
                    : $"warning: {group.First().Title}, and others, wait until a builder is added. {group.Key}"))),
        ];
    }

    internal static FarmException Wrong(string message) => new(message) { ExitCode = FarmExitCode.Usage };

    /// <summary>A name that programs get as an argument, and that becomes part of file names.</summary>
    private static void RequireWord(string option, string value)
    {
        if (value.Length == 0 || !char.IsAsciiLetterOrDigit(value[0])
            || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_'))
            throw Wrong($"{option} is {FileName.Display(value)}; a name of letters, digits and - + . _ is expected");
    }
}
