namespace Buildd.Farm.Store;

/// <summary>
/// Which chroot is for which series and architecture, in SQLite; <see cref="SqliteStore"/> says what holds of all its stores.
/// </summary>
/// <param name="store">Whose they are.</param>
internal sealed class SqliteChroots(SqliteStore store)
{
    private static readonly Table<ChrootRecord> Table = new("chroot", SqliteDialect.Instance, ChrootColumns.All);

    private static readonly string Set = Table.InsertOrUpdate("series", "arch_tag");

    /// <summary>All, by series and architecture.</summary>
    public Task<IReadOnlyList<ChrootRecord>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<ChrootRecord>>(connection => Table.Query(connection, "ORDER BY series, arch_tag"), cancellationToken);

    /// <summary>One; null when there is none.</summary>
    public Task<ChrootRecord?> FindAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => Table.Query(
                connection, "WHERE series = @series AND arch_tag = @arch", ("series", series), ("arch", archTag)).FirstOrDefault(),
            cancellationToken);

    /// <summary>Adds one, in the place of an earlier one for the same.</summary>
    public Task SetAsync(ChrootRecord chroot, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            connection =>
            {
                using var set = Table.PrepareInsert(connection, Set, except: []);
                return set.Execute(chroot);
            },
            cancellationToken);

    /// <summary>Removes one; its file stays, as builds may need it still.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RemoveAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            connection => connection.Execute(
                "DELETE FROM chroot WHERE series = @series AND arch_tag = @arch", ("series", series), ("arch", archTag)) == 1,
            cancellationToken);
}
