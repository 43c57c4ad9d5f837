using Dapper;

namespace Buildd.Farm.Store;

/// <summary>The chroot of a series and architecture; its content is in the folder of inputs, by its SHA-1.</summary>
/// <param name="Series">The series, such as <c>bookworm</c>.</param>
/// <param name="ArchTag">The architecture, such as <c>amd64</c>.</param>
/// <param name="Name">The file's name, as it was added.</param>
/// <param name="Sha1">Lower-case hexadecimal.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Added">When.</param>
public sealed record ChrootRecord(string Series, string ArchTag, string Name, string Sha1, long Size, DateTimeOffset Added);

/// <summary>Which chroot is for which series and architecture, in SQLite; <see cref="SqliteStore"/> says what holds of all its stores.</summary>
/// <param name="store">Whose they are.</param>
public sealed class SqliteChroots(SqliteStore store)
{
    /// <summary>All, by series and architecture.</summary>
    public Task<IReadOnlyList<ChrootRecord>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<ChrootRecord>>(
            connection => [.. connection.Query<Row>("SELECT * FROM chroot ORDER BY series, arch_tag").Select(row => row.ToRecord())],
            cancellationToken);

    /// <summary>One; null when there is none.</summary>
    public Task<ChrootRecord?> FindAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => connection.QuerySingleOrDefault<Row>(
                "SELECT * FROM chroot WHERE series = @series AND arch_tag = @archTag", new { series, archTag })?.ToRecord(),
            cancellationToken);

    /// <summary>Adds one, in the place of an earlier one for the same.</summary>
    public Task SetAsync(ChrootRecord chroot, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            connection => connection.Execute(
                """
                INSERT INTO chroot (series, arch_tag, name, sha1, size, added) VALUES (@Series, @ArchTag, @Name, @Sha1, @Size, @Added)
                ON CONFLICT (series, arch_tag) DO UPDATE SET name = excluded.name, sha1 = excluded.sha1, size = excluded.size, added = excluded.added
                """,
                Row.Of(chroot)),
            cancellationToken);

    /// <summary>Removes one; its file stays, as builds may need it still.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RemoveAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            connection => connection.Execute("DELETE FROM chroot WHERE series = @series AND arch_tag = @archTag", new { series, archTag }) == 1,
            cancellationToken);

    private sealed class Row
    {
        public string Series { get; init; } = "";

        public string ArchTag { get; init; } = "";

        public string Name { get; init; } = "";

        public string Sha1 { get; init; } = "";

        public long Size { get; init; }

        public long Added { get; init; }

        internal static Row Of(ChrootRecord chroot) => new()
        {
            Series = chroot.Series,
            ArchTag = chroot.ArchTag,
            Name = chroot.Name,
            Sha1 = chroot.Sha1,
            Size = chroot.Size,
            Added = chroot.Added.UtcTicks,
        };

        internal ChrootRecord ToRecord() => new(Series, ArchTag, Name, Sha1, Size, Times.Of(Added));
    }
}
