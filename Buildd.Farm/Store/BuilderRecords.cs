using System.Data.Common;
using Buildd.Master.Builders;
using Dapper;

namespace Buildd.Farm.Store;

/// <summary>The builders; <see cref="FarmStore"/> says what holds of all its records. The clock of leases is the store's.</summary>
/// <param name="store">Whose they are.</param>
internal sealed class BuilderRecords(FarmStore store) : IBuilderRecords
{
    private const string LastRevision = "SELECT value FROM counter WHERE name = 'builder-revision'";

    private readonly Table<Builder> _table = new("builder", store.Dialect, BuilderColumns.All);

    private readonly LeaseClock _leases = new(store.Time);

    /// <summary>The leases of living masters that have run out, as they were seen first, and the timestamp of that.</summary>
    private readonly Dictionary<string, (string Owner, DateTimeOffset? Expires, long Since)> _silent = new(StringComparer.Ordinal);

    /// <summary>
    /// Returns whether a master lives; null when that is not known, which is the default. What a dead one has leased is taken at once. What
    /// a living one has is taken only after it was not renewed for a whole duration: the master is stopped or hangs.
    /// </summary>
    internal Func<string, bool?> IsAlive { get; set; } = _ => null;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<Builder>>(
            async connection => await _table.QueryAsync(connection, "ORDER BY name"), cancellationToken);

    /// <inheritdoc/>
    public Task<Builder?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        store.ReadAsync(connection => FindAsync(connection, name), cancellationToken);

    /// <inheritdoc/>
    public Task<Builder?> TryAddAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return store.WriteAsync(async connection =>
        {
            var added = builder with { Revision = await NextRevisionAsync(connection), LeaseOwner = null, LeaseExpires = null };
            using var insert = _table.PrepareInsert(connection, _table.InsertUnlessThere("name"), except: []);
            return await insert.ExecuteAsync(added) == 1 ? added : null;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            async connection => await connection.ExecuteAsync("DELETE FROM builder WHERE name = @name", new { name }) == 1,
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder?>> TryReplaceAsync(IReadOnlyList<Builder> builders, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builders);
        return store.WriteAsync<IReadOnlyList<Builder?>>(async connection =>
        {
            var last = await connection.ExecuteScalarAsync<long>(LastRevision);
            var revision = last;
            var stored = new Builder?[builders.Count];
            if (store.Dialect.HasArrays && builders.DistinctBy(builder => builder.Name).Count() == builders.Count)
            {
                revision = await ReplaceManyAsync(connection, builders, revision, stored);
                await SetRevisionAsync(connection, revision);
                return stored;
            }

            using var replace = _table.PrepareReplace(
                connection, _table.Replace("name") + " RETURNING lease_owner, lease_expires", "name");
            for (var i = 0; i < stored.Length; i++)
            {
                stored[i] = await replace.QueryAsync(
                    builders[i],
                    row => builders[i] with
                    {
                        Revision = revision + 1,
                        LeaseOwner = ColumnKind.OptionalText.Read(row, 0),
                        LeaseExpires = ColumnKind.OptionalTime.Read(row, 1),
                    },
                    revision + 1);
                if (stored[i] is not null)
                    revision++;
            }

            if (revision > last)
                await SetRevisionAsync(connection, revision);
            return stored;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> LeaseAsync(
        string owner, TimeSpan duration, int most = int.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return store.WriteAsync<IReadOnlyList<Builder>>(async connection =>
        {
            var now = store.Time.GetUtcNow();
            var expires = (now + duration).UtcTicks;
            var own = await connection.ExecuteAsync(
                "UPDATE builder SET lease_expires = @expires WHERE lease_owner = @owner", new { expires, owner });
            var free = (await _table.QueryAsync(
                    connection, "WHERE lease_owner IS NULL OR lease_owner <> @owner ORDER BY name", new { owner }))
                .Where(builder => builder.LeaseOwner is null || MayTake(builder, duration)).Select(builder => builder.Name);
            foreach (var name in free.Take(Math.Max(0, most - own)))
                await SetLeaseAsync(connection, name, owner, expires);
            return await _table.QueryAsync(connection, "WHERE lease_owner = @owner ORDER BY name", new { owner });
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string owner, CancellationToken cancellationToken = default) =>
        store.WriteAsync(async connection =>
        {
            var names = await connection.QueryAsync<string>("SELECT name FROM builder WHERE lease_owner = @owner", new { owner });
            foreach (var name in names)
                await SetLeaseAsync(connection, name, owner: null, expires: null);
            return true;
        }, cancellationToken);

    /// <summary>Gives back the lease of one builder, if its master is still the one that is named.</summary>
    /// <returns>Whether it was.</returns>
    internal Task<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken) =>
        store.WriteAsync(async connection =>
        {
            if ((await FindAsync(connection, name))?.LeaseOwner != owner)
                return false;
            await SetLeaseAsync(connection, name, owner: null, expires: null);
            return true;
        }, cancellationToken);

    private async Task<long> ReplaceManyAsync(
        DbConnection connection, IReadOnlyList<Builder> builders, long revision, Builder?[] stored)
    {
        var places = builders.Index().ToDictionary(builder => builder.Item.Name, builder => builder.Index, StringComparer.Ordinal);
        const string Returned = "builder.name, builder.revision, builder.lease_owner, builder.lease_expires";
        await _table.ReplaceManyAsync(connection, "name", "", Returned, builders, revision, row =>
        {
            var place = places[row.GetString(0)];
            stored[place] = builders[place] with
            {
                Revision = row.GetInt64(1),
                LeaseOwner = ColumnKind.OptionalText.Read(row, 2),
                LeaseExpires = ColumnKind.OptionalTime.Read(row, 3),
            };
        });
        return revision + builders.Count;
    }

    private static async Task SetRevisionAsync(DbConnection connection, long revision) =>
        await connection.ExecuteAsync("UPDATE counter SET value = @revision WHERE name = 'builder-revision'", new { revision });

    private bool MayTake(Builder builder, TimeSpan duration)
    {
        var owner = builder.LeaseOwner!;
        var isAlive = IsAlive(owner);
        if (isAlive == false)
            return true;
        if (!_leases.HasRunOut(builder.LeaseExpires, duration))
            return false;
        if (isAlive is null)
            return true;
        // It would have renewed it: either it hangs, or this program has begun after the clock was set, and could not notice that.
        if (!_silent.TryGetValue(builder.Name, out var seen) || seen.Owner != owner || seen.Expires != builder.LeaseExpires)
            _silent[builder.Name] = seen = (owner, builder.LeaseExpires, store.Time.GetTimestamp());
        return store.Time.GetElapsedTime(seen.Since) >= duration;
    }

    private static async Task SetLeaseAsync(DbConnection connection, string name, string? owner, long? expires) =>
        await connection.ExecuteAsync(
            "UPDATE builder SET lease_owner = @owner, lease_expires = @expires, revision = @revision WHERE name = @name",
            new { owner, expires, revision = await NextRevisionAsync(connection), name });

    private Task<Builder?> FindAsync(DbConnection connection, string name) =>
        _table.FindAsync(connection, "WHERE name = @name", new { name });

    private static Task<long> NextRevisionAsync(DbConnection connection) =>
        connection.ExecuteScalarAsync<long>("UPDATE counter SET value = value + 1 WHERE name = 'builder-revision' RETURNING value");
}
