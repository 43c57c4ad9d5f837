using Buildd.Farm.Rights;
using static Buildd.Farm.Rights.Clauses;

namespace Buildd.Farm.Archives;

/// <summary>
/// What may be done to archives, and who may. Those who look after the farm's builders see no private archive: builds don't act for them.
/// </summary>
internal static class ArchiveRights
{
    /// <summary>To see that there is such an archive, and what is in it.</summary>
    internal static Right<Archive> View { get; } = new(
        "see",
        Everybody<Archive>(archive => !archive.IsPrivate, $"NOT archive.is_private") with { Who = "everybody unless it is private" },
        Group<Archive>("its owner and its owner's members", archive => archive.Owner, $"archive.owner"),
        Of<Archive>(Role.ArchiveAdministrator),
        Of<Archive>(Role.Administrator));

    /// <summary>To change what is said of it, what is built for it and what it depends on.</summary>
    internal static Right<Archive> Edit { get; } = new(
        "edit",
        View,
        Group<Archive>("its owner and its owner's members", archive => archive.Owner, $"archive.owner"),
        Of<Archive>(Role.ArchiveAdministrator),
        Of<Archive>(Role.Administrator));

    /// <summary>To set its relative score.</summary>
    internal static Right<Archive> Moderate { get; } = new(
        "set the score of",
        View,
        Of<Archive>(Role.BuildFarmAdministrator),
        Of<Archive>(Role.ArchiveAdministrator),
        Of<Archive>(Role.Administrator));

    /// <summary>
    /// To give it away and to set what others have to trust: whether it is private and needs virtual builders, where it is published and
    /// found, its key, and its lines for other archives.
    /// </summary>
    internal static Right<Archive> Administer { get; } = new(
        "administer", View, Of<Archive>(Role.ArchiveAdministrator), Of<Archive>(Role.Administrator));
}
