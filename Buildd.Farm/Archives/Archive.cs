using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Archives;

/// <summary>What packages are built for, and installed from in builds.</summary>
internal sealed record Archive : INumbered<Archive>
{
    /// <summary>The name that every primary archive has.</summary>
    internal const string PrimaryName = "primary";

    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The number of the person or team whose it is.</summary>
    public required long Owner { get; init; }

    /// <summary>The number of the distribution that it has packages for; it stays.</summary>
    public required long Distribution { get; init; }

    /// <summary>The name; it stays, as addresses are made of it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for; it stays.</summary>
    public required ArchivePurpose Purpose { get; init; }

    /// <summary>The name for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Text about it; empty by default.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether only its owner's members see it. What a private team owns always is; false by default otherwise.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Whether anything is built for it; true by default.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether its builds need builders that are virtual machines; true by default.</summary>
    public bool RequireVirtualized { get; init; } = true;

    /// <summary>What is added to the scores of its builds, up to <see cref="ArchiveLimits.MaxScore"/> either way; 0 by default.</summary>
    public int RelativeScore { get; init; }

    /// <summary>Whether what was built already may be built again; false by default.</summary>
    public bool AllowRebuilds { get; init; }

    /// <summary>The components that it has, in the order of its apt lines.</summary>
    public IReadOnlyList<string> Components { get; init; } = ["main"];

    /// <summary>The tags of the architectures that it has packages for; none by default, which means all of the series.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>Where apt finds it, without credentials; null while it is nowhere, and then it is in no apt lines.</summary>
    public string? Url { get; init; }

    /// <summary>
    /// Lines for apt that its builds get besides, in which <c>%(series)s</c> stands for the series; none by default. No credentials are in
    /// them.
    /// </summary>
    public IReadOnlyList<string> ExternalLines { get; init; } = [];

    /// <summary>The fingerprint of the key that signs it, in capitals; null when there is none.</summary>
    public string? SigningKey { get; init; }

    /// <summary>
    /// How it is published: <c>directory FOLDER</c> or <c>reprepro FOLDER</c>, where no other archive is; null when it is not.
    /// </summary>
    public string? Publication { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <inheritdoc/>
    public Archive WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>archive</c>.</summary>
internal static class ArchiveColumns
{
    /// <summary>All that an <see cref="Archive"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Archive>> All { get; } =
    [
        new Column<Archive, long>(nameof(Archive.Id), Long, changes: false),
        new Column<Archive, long>(nameof(Archive.Owner), Long, changes: true),
        new Column<Archive, long>(nameof(Archive.Distribution), Long, changes: false),
        new Column<Archive, string>(nameof(Archive.Name), Text, changes: false),
        new Column<Archive, ArchivePurpose>(nameof(Archive.Purpose), Named<ArchivePurpose>(ArchivePurposeNames.ToName), changes: false),
        new Column<Archive, string>(nameof(Archive.DisplayName), Text, changes: true),
        new Column<Archive, string>(nameof(Archive.Description), Text, changes: true),
        new Column<Archive, bool>(nameof(Archive.IsPrivate), Flag, changes: true),
        new Column<Archive, bool>(nameof(Archive.Enabled), Flag, changes: true),
        new Column<Archive, bool>(nameof(Archive.RequireVirtualized), Flag, changes: true),
        new Column<Archive, int>(nameof(Archive.RelativeScore), Integer, changes: true),
        new Column<Archive, bool>(nameof(Archive.AllowRebuilds), Flag, changes: true),
        new Column<Archive, IReadOnlyList<string>>(nameof(Archive.Components), Words, changes: true),
        new Column<Archive, IReadOnlyList<string>>(nameof(Archive.Architectures), Words, changes: true),
        new Column<Archive, string?>(nameof(Archive.Url), OptionalText, changes: true),
        new Column<Archive, IReadOnlyList<string>>(nameof(Archive.ExternalLines), Words, changes: true),
        new Column<Archive, string?>(nameof(Archive.SigningKey), OptionalText, changes: true),
        new Column<Archive, string?>(nameof(Archive.Publication), OptionalText, changes: true),
        new Column<Archive, DateTimeOffset>(nameof(Archive.Created), Time, changes: false),
    ];
}
