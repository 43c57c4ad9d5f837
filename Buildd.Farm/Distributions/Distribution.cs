using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Distributions;

/// <summary>What has series and archives, such as <c>debian</c>.</summary>
internal sealed record Distribution : INumbered<Distribution>
{
    /// <summary>The most distributions of a farm: they are read at once.</summary>
    internal const int MaxCount = 500;

    /// <summary>The most other names of one.</summary>
    internal const int MaxAliases = 20;

    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The name. It may change; the former one becomes an alias.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people, such as <c>Debian GNU/Linux</c>.</summary>
    public required string Title { get; init; }

    /// <summary>Other names that lead to it; none by default. A name is one distribution's, whether as its name or as an alias.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The time at which it was added.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <inheritdoc/>
    public Distribution WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>distribution</c>.</summary>
internal static class DistributionColumns
{
    /// <summary>All that a <see cref="Distribution"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Distribution>> All { get; } =
    [
        new Column<Distribution, long>(nameof(Distribution.Id), Long, changes: false),
        new Column<Distribution, string>(nameof(Distribution.Name), Text, changes: true),
        new Column<Distribution, string>(nameof(Distribution.Title), Text, changes: true),
        new Column<Distribution, IReadOnlyList<string>>(nameof(Distribution.Aliases), Words, changes: true),
        new Column<Distribution, DateTimeOffset>(nameof(Distribution.Created), Time, changes: false),
    ];
}
