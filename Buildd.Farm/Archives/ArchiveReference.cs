using Buildd.Farm.People;
using Buildd.Linux.Files;

namespace Buildd.Farm.Archives;

/// <summary>
/// What people call an archive, Launchpad's way: <c>debian</c> for a primary one, <c>~ada/debian/tools</c> for a PPA, and
/// <c>debian/rebuild</c> for a copy.
/// </summary>
/// <param name="Owner">The name of a PPA's owner; null for the others.</param>
/// <param name="Distribution">The distribution's name or an alias.</param>
/// <param name="Name">The archive's name; null for a primary one.</param>
internal sealed record ArchiveReference(string? Owner, string Distribution, string? Name)
{
    /// <summary>What a reference looks like, for messages.</summary>
    internal const string Rule = "debian (a primary archive), ~ada/debian/tools (a PPA) and debian/rebuild (a copy) are references";

    /// <summary>What the archive is for.</summary>
    internal ArchivePurpose Purpose =>
        Name is null ? ArchivePurpose.Primary : Owner is null ? ArchivePurpose.Copy : ArchivePurpose.Ppa;

    /// <summary>Reads a reference; null when it is none.</summary>
    internal static ArchiveReference? TryParse(string text)
    {
        var parts = text.Split('/');
        var reference = parts switch
        {
            [var distribution] => new ArchiveReference(null, distribution, null),
            [var distribution, var name] => new ArchiveReference(null, distribution, name),
            [['~', .. var owner], var distribution, var name] => new ArchiveReference(owner, distribution, name),
            _ => null,
        };
        return reference is not null && Names.IsName(reference.Distribution)
            && (reference.Owner is null || Names.IsName(reference.Owner)) && (reference.Name is null || Names.IsName(reference.Name))
            ? reference
            : null;
    }

    /// <summary>Reads a reference.</summary>
    /// <exception cref="FarmException">It is none.</exception>
    internal static ArchiveReference Parse(string text) =>
        TryParse(text) ?? throw FarmException.Invalid($"{FileName.Display(text)} is no archive's reference: {Rule}");

    /// <summary>The reference of an archive.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="owner">Its owner's name.</param>
    /// <param name="distribution">Its distribution's name.</param>
    internal static ArchiveReference Of(Archive archive, string owner, string distribution) => archive.Purpose switch
    {
        ArchivePurpose.Primary => new(null, distribution, null),
        ArchivePurpose.Ppa => new(owner, distribution, archive.Name),
        ArchivePurpose.Copy => new(null, distribution, archive.Name),
        _ => throw new ArgumentOutOfRangeException(nameof(archive), archive.Purpose, "There is no such purpose."),
    };

    /// <summary>The reference as text.</summary>
    public override string ToString() => (Owner is null ? "" : $"~{Owner}/") + Distribution + (Name is null ? "" : $"/{Name}");
}
