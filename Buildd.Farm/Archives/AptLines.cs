using Buildd.Debian.Apt;

namespace Buildd.Farm.Archives;

/// <summary>Computes the lines for apt that a build gets.</summary>
/// <remarks>
/// In this order: the build's own archive, unless it is a primary one; lines for archives elsewhere; the archives that it depends on; the
/// primary archive. A dependency on the primary archive says which part of it is used, in place of the rule.
/// </remarks>
internal static class AptLines
{
    private const string SeriesMark = "%(series)s";
    private const string Universe = "universe";
    private const string Partner = "partner";

    /// <summary>The lines, without duplicates.</summary>
    internal static IReadOnlyList<ArchiveLine> Of(AptSources sources)
    {
        var lines = new List<string>();
        var (own, series) = (sources.Archive, sources.Series);
        var component = sources.Component ?? DefaultComponent(own.Purpose);
        var components = sources.Pocket == Pocket.Backports ? Everything(own) : MayUse(own, component);
        if (own.Purpose != ArchivePurpose.Primary)
            Add(own, sources.Pocket, components);
        lines.AddRange(own.ExternalLines.Select(line => Fill(line, series)));
        foreach (var (how, archive) in sources.Dependencies.Where(one => one.Archive.Id != sources.Primary?.Id))
            Add(archive, how.Pocket, MayUse(archive, how.Component ?? sources.SourceComponent ?? Universe));
        var primary = own.Purpose == ArchivePurpose.Primary ? own : sources.Primary;
        if (sources.Dependencies.FirstOrDefault(one => one.Archive.Id == primary?.Id) is { How: { } chosen })
            Add(primary!, chosen.Pocket, MayUse(primary!, chosen.Component ?? sources.SourceComponent ?? Universe));
        else if (own.Purpose == ArchivePurpose.Primary)
            Add(own, sources.Pocket, components);
        else if (primary is not null)
            Add(primary, Pocket.Updates, Everything(primary));
        return [.. lines.Distinct().Select(ArchiveLine.Parse)];

        void Add(Archive archive, Pocket pocket, IReadOnlyList<string> used)
        {
            if (archive.Url is null || used.Count == 0)
                return;
            var url = WithCredentials(archive.Url, archive.IsPrivate ? sources.Credentials(archive) : null);
            foreach (var included in pocket.Included())
                lines.Add($"deb {url} {included.SuiteOf(series)} {string.Join(' ', used)}");
        }
    }

    /// <summary>Puts a series into a line in the place of <c>%(series)s</c>.</summary>
    internal static string Fill(string line, string series) => line.Replace(SeriesMark, series, StringComparison.Ordinal);

    /// <summary>The component of a build that has none of its own.</summary>
    internal static string DefaultComponent(ArchivePurpose purpose) => purpose == ArchivePurpose.Ppa ? "main" : Universe;

    /// <summary>The components of an archive from which a build of a component may install, in the archive's order.</summary>
    /// <remarks>
    /// The table is Launchpad's. Debian's contrib and non-free are no part of it: what is in them may use all that there is, as multiverse
    /// may.
    /// </remarks>
    internal static IReadOnlyList<string> MayUse(Archive archive, string component) => component switch
    {
        "main" => Those(archive, "main"),
        "restricted" => Those(archive, "main", "restricted"),
        Universe => Those(archive, "main", Universe),
        "multiverse" or "contrib" or "non-free" or "non-free-firmware" => Everything(archive),
        Partner => Those(archive, Partner),
        _ => Those(archive, "main", component),
    };

    private static string[] Everything(Archive archive) => [.. archive.Components.Where(component => component != Partner)];

    private static string[] Those(Archive archive, params string[] wanted) => [.. archive.Components.Where(wanted.Contains)];

    private static string WithCredentials(string url, ArchiveCredentials? credentials)
    {
        if (credentials is null)
            return url;
        var host = url.IndexOf("://", StringComparison.Ordinal) + "://".Length;
        return url.Insert(host, $"{Uri.EscapeDataString(credentials.User)}:{Uri.EscapeDataString(credentials.Password)}@");
    }
}
