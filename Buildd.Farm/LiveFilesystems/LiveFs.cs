using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.LiveFilesystems;

/// <summary>An image that is built again and again: what it is called, for which series, and what slaves are told of it.</summary>
internal sealed record LiveFs : INumbered<LiveFs>
{
    /// <summary>For how many days output files are kept, unless told otherwise: Launchpad's number.</summary>
    internal const int DefaultKeepDays = 1;

    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The number of the person who made it.</summary>
    public required long Registrant { get; init; }

    /// <summary>The number of the person or team that owns it.</summary>
    public required long Owner { get; init; }

    /// <summary>The number of the series that it is built for.</summary>
    public required long Series { get; init; }

    /// <summary>The name; owner, series and name tell live filesystems apart.</summary>
    public required string Name { get; init; }

    /// <summary>Arguments for the slave: a JSON object.</summary>
    public string Metadata { get; init; } = "{}";

    /// <summary>Whether only the owner's members see it, which is so exactly when they alone see the owner.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Whether it is built on virtual builders only; true by default.</summary>
    public bool RequireVirtualized { get; init; } = true;

    /// <summary>What is added to the score of its builds; 0 by default.</summary>
    public int RelativeScore { get; init; }

    /// <summary>For how many days output files are kept; null for ever. <see cref="DefaultKeepDays"/> by default.</summary>
    public int? KeepDays { get; init; } = DefaultKeepDays;

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The time of the last change.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <inheritdoc/>
    public LiveFs WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>livefs</c>.</summary>
internal static class LiveFsColumns
{
    /// <summary>All that a <see cref="LiveFs"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<LiveFs>> All { get; } =
    [
        new Column<LiveFs, long>(nameof(LiveFs.Id), Long, changes: false),
        new Column<LiveFs, string>(nameof(LiveFs.Name), Text, changes: true),
        new Column<LiveFs, long>(nameof(LiveFs.Registrant), Long, changes: false),
        new Column<LiveFs, long>(nameof(LiveFs.Owner), Long, changes: true),
        new Column<LiveFs, long>(nameof(LiveFs.Series), Long, changes: true),
        new Column<LiveFs, string>(nameof(LiveFs.Metadata), Json, changes: true),
        new Column<LiveFs, bool>(nameof(LiveFs.IsPrivate), Flag, changes: true),
        new Column<LiveFs, bool>(nameof(LiveFs.RequireVirtualized), Flag, changes: true),
        new Column<LiveFs, int>(nameof(LiveFs.RelativeScore), Integer, changes: true),
        new Column<LiveFs, int?>(nameof(LiveFs.KeepDays), OrNull(Integer), changes: true),
        new Column<LiveFs, DateTimeOffset>(nameof(LiveFs.Created), Time, changes: false),
        new Column<LiveFs, DateTimeOffset>(nameof(LiveFs.Modified), Time, changes: true),
    ];
}
