using Buildd.Farm.Rights;
using static Buildd.Farm.Rights.Clauses;

namespace Buildd.Farm.LiveFilesystems;

/// <summary>What may be done to live filesystems, and who may.</summary>
internal static class LiveFsRights
{
    /// <summary>To see it: who may see its owner.</summary>
    internal static Right<LiveFs> View { get; } = new(
        "see the live filesystem",
        Everybody<LiveFs>(livefs => !livefs.IsPrivate, $"NOT livefs.is_private"),
        Group<LiveFs>("its owner", livefs => livefs.Owner, $"livefs.owner"),
        Of<LiveFs>(Role.Administrator),
        Of<LiveFs>(Role.ArchiveAdministrator));

    /// <summary>To change owner, series, name and metadata, to cancel its builds, and to delete it.</summary>
    internal static Right<LiveFs> Edit { get; } = new(
        "edit the live filesystem",
        View,
        Group<LiveFs>("its owner", livefs => livefs.Owner, $"livefs.owner"),
        Of<LiveFs>(Role.ArchiveAdministrator));

    /// <summary>To request builds.</summary>
    internal static Right<LiveFs> Request { get; } = new(
        "request builds of the live filesystem",
        View,
        Group<LiveFs>("its owner", livefs => livefs.Owner, $"livefs.owner"),
        Of<LiveFs>(Role.Administrator));

    /// <summary>To change the relative score.</summary>
    internal static Right<LiveFs> Moderate { get; } = new(
        "change the score of the live filesystem",
        View,
        Of<LiveFs>(Role.BuildFarmAdministrator),
        Of<LiveFs>(Role.ArchiveAdministrator));

    /// <summary>To change where it is built and how long its files are kept.</summary>
    internal static Right<LiveFs> Administer { get; } = new(
        "change virtualization and retention of the live filesystem",
        View,
        Of<LiveFs>(Role.ArchiveAdministrator));
}
