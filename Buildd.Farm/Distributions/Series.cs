using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Distributions;

/// <summary>A release of a distribution, such as <c>bookworm</c>, from its beginnings on.</summary>
internal sealed record Series : INumbered<Series>
{
    /// <summary>The most series of a distribution: they are read at once.</summary>
    internal const int MaxCount = 500;

    /// <summary>The most other names of one.</summary>
    internal const int MaxAliases = 20;

    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The distribution's number; set when the series is added.</summary>
    public long Distribution { get; init; }

    /// <summary>The name, which goes into suites of apt lines, so that it stays.</summary>
    public required string Name { get; init; }

    /// <summary>The version, such as <c>12</c>; empty where there is none.</summary>
    public string Version { get; init; } = "";

    /// <summary>The name for people, such as <c>Bookworm</c>.</summary>
    public required string Title { get; init; }

    /// <summary>How far it is; in development by default.</summary>
    public SeriesStatus Status { get; init; } = SeriesStatus.Development;

    /// <summary>
    /// Other names that lead to it, such as <c>stable</c>; none by default. A name is one series' of the distribution, whether as its name
    /// or as an alias.
    /// </summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// The tag of the architecture on which packages for <c>all</c> are built; null for the first that fits. It is one of the series.
    /// </summary>
    public string? Nominated { get; init; }

    /// <summary>The time at which it was added.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <inheritdoc/>
    public Series WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>series</c>.</summary>
internal static class SeriesColumns
{
    /// <summary>All that a <see cref="Series"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Series>> All { get; } =
    [
        new Column<Series, long>(nameof(Series.Id), Long, changes: false),
        new Column<Series, long>(nameof(Series.Distribution), Long, changes: false),
        new Column<Series, string>(nameof(Series.Name), Text, changes: false),
        new Column<Series, string>(nameof(Series.Version), Text, changes: true),
        new Column<Series, string>(nameof(Series.Title), Text, changes: true),
        new Column<Series, SeriesStatus>(nameof(Series.Status), Named<SeriesStatus>(SeriesStatusTitles.ToTitle), changes: true),
        new Column<Series, IReadOnlyList<string>>(nameof(Series.Aliases), Words, changes: true),
        new Column<Series, string?>(nameof(Series.Nominated), OptionalText, changes: true),
        new Column<Series, DateTimeOffset>(nameof(Series.Created), Time, changes: false),
    ];
}
