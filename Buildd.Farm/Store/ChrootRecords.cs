using Dapper;

namespace Buildd.Farm.Store;

/// <summary>Which chroot is for which series and architecture; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
internal sealed class ChrootRecords(FarmStore store)
{
    private readonly Table<ChrootRecord> _table = new("chroot", store.Dialect, ChrootColumns.All);

    /// <summary>All, by series and architecture.</summary>
    public Task<IReadOnlyList<ChrootRecord>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<ChrootRecord>>(
            async connection => await _table.QueryAsync(connection, "ORDER BY series, arch_tag"), cancellationToken);

    /// <summary>One; null when there is none.</summary>
    public Task<ChrootRecord?> FindAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => _table.FindAsync(connection, "WHERE series = @series AND arch_tag = @archTag", new { series, archTag }),
            cancellationToken);

    /// <summary>Adds one, in the place of an earlier one for the same.</summary>
    public Task SetAsync(ChrootRecord chroot, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            async connection =>
            {
                using var set = _table.PrepareInsert(connection, _table.InsertOrUpdate("series", "arch_tag"), except: []);
                return await set.ExecuteAsync(chroot);
            },
            cancellationToken);

    /// <summary>Removes one; its file stays, as builds may need it still.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RemoveAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            async connection => await connection.ExecuteAsync(
                "DELETE FROM chroot WHERE series = @series AND arch_tag = @archTag", new { series, archTag }) == 1,
            cancellationToken);
}
