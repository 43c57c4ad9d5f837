using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Distributions;

/// <summary>An architecture of a series.</summary>
internal sealed record SeriesArchitecture : INumbered<SeriesArchitecture>
{
    /// <summary>The most architectures of a series.</summary>
    internal const int MaxCount = 100;

    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The series' number; set when the architecture is added.</summary>
    public long Series { get; init; }

    /// <summary>The architecture's name for dpkg, such as <c>armhf</c>.</summary>
    public required string Tag { get; init; }

    /// <summary>The processor that builders for it have, which is often called the same.</summary>
    public required string Processor { get; init; }

    /// <summary>Whether anything is built for it; true by default.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether it is one of those that the series is released for; true by default.</summary>
    public bool Official { get; init; } = true;

    /// <summary>The time at which it was added.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <inheritdoc/>
    public SeriesArchitecture WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>architecture</c>.</summary>
internal static class ArchitectureColumns
{
    /// <summary>All that a <see cref="SeriesArchitecture"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<SeriesArchitecture>> All { get; } =
    [
        new Column<SeriesArchitecture, long>(nameof(SeriesArchitecture.Id), Long, changes: false),
        new Column<SeriesArchitecture, long>(nameof(SeriesArchitecture.Series), Long, changes: false),
        new Column<SeriesArchitecture, string>(nameof(SeriesArchitecture.Tag), Text, changes: false),
        new Column<SeriesArchitecture, string>(nameof(SeriesArchitecture.Processor), Text, changes: true),
        new Column<SeriesArchitecture, bool>(nameof(SeriesArchitecture.Enabled), Flag, changes: true),
        new Column<SeriesArchitecture, bool>(nameof(SeriesArchitecture.Official), Flag, changes: true),
        new Column<SeriesArchitecture, DateTimeOffset>(nameof(SeriesArchitecture.Created), Time, changes: false),
    ];
}
