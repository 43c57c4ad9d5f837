using static Buildd.Farm.Store.ColumnKind;
using Buildd.Protocol;

namespace Buildd.Farm.Store;

/// <summary>The chroot of a series and architecture; its content is in the folder of inputs, by its SHA-1.</summary>
internal sealed record ChrootRecord
{
    /// <summary>The series, such as <c>bookworm</c>.</summary>
    public required string Series { get; init; }

    /// <summary>The architecture, such as <c>amd64</c>.</summary>
    public required string ArchTag { get; init; }

    /// <summary>The file's name, as it was added.</summary>
    public required string Name { get; init; }

    /// <summary>The SHA-1 of the content.</summary>
    public required Sha1 Sha1 { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The time at which it was added.</summary>
    public required DateTimeOffset Added { get; init; }
}

/// <summary>The columns of the table <c>chroot</c>.</summary>
internal static class ChrootColumns
{
    /// <summary>All that a <see cref="ChrootRecord"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<ChrootRecord>> All { get; } =
    [
        new Column<ChrootRecord, string>(nameof(ChrootRecord.Series), Text, changes: false),
        new Column<ChrootRecord, string>(nameof(ChrootRecord.ArchTag), Text, changes: false),
        new Column<ChrootRecord, string>(nameof(ChrootRecord.Name), Text, changes: true),
        new Column<ChrootRecord, Sha1>(nameof(ChrootRecord.Sha1), Sum, changes: true),
        new Column<ChrootRecord, long>(nameof(ChrootRecord.Size), Long, changes: true),
        new Column<ChrootRecord, DateTimeOffset>(nameof(ChrootRecord.Added), Time, changes: true),
    ];
}
