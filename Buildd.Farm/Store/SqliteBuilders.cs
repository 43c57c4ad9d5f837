using Buildd.Master.Builders;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>Builders in SQLite; <see cref="SqliteStore"/> says what holds of all its stores. The clock of leases is the store's.</summary>
/// <param name="store">Whose they are.</param>
internal sealed class SqliteBuilders(SqliteStore store) : IBuilderRecords
{
    private const string LastRevision = "SELECT value FROM counter WHERE name = 'builder-revision'";

    private static readonly Table<Builder> Table = new("builder", SqliteDialect.Instance, BuilderColumns.All);

    private static readonly string Insert = Table.InsertUnlessThere("name");

    private readonly LeaseClock _leases = new(store.Time);

    /// <summary>The leases of living masters that have run out, as they were seen first, and the timestamp of that.</summary>
    private readonly Dictionary<string, (string Owner, DateTimeOffset? Expires, long Since)> _silent = new(StringComparer.Ordinal);

    private static readonly string Replace = Table.Replace("name") + " RETURNING lease_owner, lease_expires";

    /// <summary>
    /// Returns whether a master lives; null when that is not known, which is the default. What a dead one has leased is taken at once. What
    /// a living one has is taken only after it was not renewed for a whole duration: the master is stopped or hangs.
    /// </summary>
    internal Func<string, bool?> IsAlive { get; set; } = _ => null;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<Builder>>(connection => Table.Query(connection, "ORDER BY name"), cancellationToken);

    /// <inheritdoc/>
    public Task<Builder?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        store.ReadAsync(connection => Find(connection, name), cancellationToken);

    /// <inheritdoc/>
    public Task<Builder?> TryAddAsync(Builder builder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return store.WriteAsync(connection =>
        {
            var added = builder with { Revision = NextRevision(connection), LeaseOwner = null, LeaseExpires = null };
            using var insert = Table.PrepareInsert(connection, Insert, except: []);
            return insert.Execute(added) == 1 ? added : null;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            connection => connection.Execute("DELETE FROM builder WHERE name = @name", ("name", name)) == 1, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder?>> TryReplaceAsync(IReadOnlyList<Builder> builders, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builders);
        return store.WriteAsync<IReadOnlyList<Builder?>>(connection =>
        {
            var last = connection.ExecuteScalar<long>(LastRevision);
            var revision = last;
            var stored = new Builder?[builders.Count];
            using var replace = Table.PrepareReplace(connection, Replace, "name");
            for (var i = 0; i < stored.Length; i++)
            {
                stored[i] = replace.Query(
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
                connection.Execute("UPDATE counter SET value = @revision WHERE name = 'builder-revision'", ("revision", revision));
            return stored;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> LeaseAsync(
        string owner, TimeSpan duration, int most = int.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return store.WriteAsync<IReadOnlyList<Builder>>(connection =>
        {
            var now = store.Time.GetUtcNow();
            var expires = (now + duration).UtcTicks;
            var own = connection.Execute(
                "UPDATE builder SET lease_expires = @expires WHERE lease_owner = @owner", ("expires", expires), ("owner", owner));
            var free = Table.Query(
                    connection, "WHERE lease_owner IS NULL OR lease_owner <> @owner ORDER BY name", ("owner", owner))
                .Where(builder => builder.LeaseOwner is null || MayTake(builder, duration)).Select(builder => builder.Name);
            foreach (var name in free.Take(Math.Max(0, most - own)))
                SetLease(connection, name, owner, expires);
            return Table.Query(connection, "WHERE lease_owner = @owner ORDER BY name", ("owner", owner));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string owner, CancellationToken cancellationToken = default) =>
        store.WriteAsync(connection =>
        {
            var names = connection.Query("SELECT name FROM builder WHERE lease_owner = @owner", row => row.GetString(0), ("owner", owner));
            foreach (var name in names)
                SetLease(connection, name, owner: null, expires: null);
            return true;
        }, cancellationToken);

    /// <summary>Gives back the lease of one builder, if its master is still the one that is named.</summary>
    /// <returns>Whether it was.</returns>
    internal Task<bool> ReleaseAsync(string name, string owner, CancellationToken cancellationToken) =>
        store.WriteAsync(connection =>
        {
            if (Find(connection, name)?.LeaseOwner != owner)
                return false;
            SetLease(connection, name, owner: null, expires: null);
            return true;
        }, cancellationToken);

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

    private static void SetLease(SqliteConnection connection, string name, string? owner, long? expires) => connection.Execute(
        "UPDATE builder SET lease_owner = @owner, lease_expires = @expires, revision = @revision WHERE name = @name",
        ("owner", owner),
        ("expires", expires),
        ("revision", NextRevision(connection)),
        ("name", name));

    private static Builder? Find(SqliteConnection connection, string name) =>
        Table.Query(connection, "WHERE name = @name", ("name", name)).FirstOrDefault();

    private static long NextRevision(SqliteConnection connection) =>
        connection.ExecuteScalar<long>("UPDATE counter SET value = value + 1 WHERE name = 'builder-revision' RETURNING value");
}
