using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Archives;

/// <summary>That builds for an archive may install from another one. It holds for that archive alone: dependencies have none.</summary>
internal sealed record ArchiveDependency : INumbered<ArchiveDependency>
{
    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The number of the archive that is built for.</summary>
    public required long Archive { get; init; }

    /// <summary>The number of the archive that is installed from.</summary>
    public required long Dependency { get; init; }

    /// <summary>The pocket; the ones that it includes are used too. The release by default.</summary>
    public Pocket Pocket { get; init; } = Pocket.Release;

    /// <summary>
    /// The component; those that it may use are used too. Null for that of the source, which is universe where there is none.
    /// </summary>
    public string? Component { get; init; }

    /// <inheritdoc/>
    public ArchiveDependency WithId(long id) => this with { Id = id };
}

/// <summary>The columns of the table <c>archive_dependency</c>.</summary>
internal static class ArchiveDependencyColumns
{
    /// <summary>All that an <see cref="ArchiveDependency"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<ArchiveDependency>> All { get; } =
    [
        new Column<ArchiveDependency, long>(nameof(ArchiveDependency.Id), Long, changes: false),
        new Column<ArchiveDependency, long>(nameof(ArchiveDependency.Archive), Long, changes: false),
        new Column<ArchiveDependency, long>(nameof(ArchiveDependency.Dependency), Long, changes: false),
        new Column<ArchiveDependency, Pocket>(nameof(ArchiveDependency.Pocket), PocketNames.Kind, changes: false),
        new Column<ArchiveDependency, string?>(nameof(ArchiveDependency.Component), OptionalText, changes: false),
    ];
}
