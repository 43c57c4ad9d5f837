using Buildd.Master.Builders;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>Builders in SQLite; <see cref="SqliteStore"/> says what holds of all its stores. The clock of leases is the store's.</summary>
/// <param name="store">Whose they are.</param>
public sealed class SqliteBuilders(SqliteStore store) : IBuilderRecords
{
    private const string Insert =
        """
        INSERT INTO builder (name, revision, url, processors, virtualized, vm_host, vm_reset_protocol, in_service, fail_notes,
            manual, failures, version, clean, clean_changed, open_resources, restricted_resources, unable_to)
        VALUES (@Name, @Revision, @Url, @Processors, @Virtualized, @VmHost, @VmResetProtocol, @InService, @FailNotes,
            @Manual, @Failures, @Version, @Clean, @CleanChanged, @OpenResources, @RestrictedResources, @UnableTo)
        ON CONFLICT (name) DO NOTHING
        """;

    /// <summary>What a builder's owner and master may change; leases have methods of their own.</summary>
    private static readonly (string Name, Func<Builder, object?> Value)[] Changing =
    [
        ("url", builder => builder.Url.OriginalString),
        ("processors", builder => StoreJson.Write(builder.Processors)),
        ("virtualized", builder => builder.Virtualized ? 1L : 0L),
        ("vm_host", builder => builder.VmHost),
        ("vm_reset_protocol", builder => (long?)builder.VmResetProtocol),
        ("in_service", builder => builder.InService ? 1L : 0L),
        ("fail_notes", builder => builder.FailNotes),
        ("manual", builder => builder.Manual ? 1L : 0L),
        ("failures", builder => (long)builder.Failures),
        ("version", builder => builder.Version),
        ("clean", builder => (long)builder.Clean),
        ("clean_changed", builder => builder.CleanChanged?.UtcTicks),
        ("open_resources", builder => StoreJson.Write(builder.OpenResources)),
        ("restricted_resources", builder => StoreJson.Write(builder.RestrictedResources)),
        ("unable_to", builder => StoreJson.Write(builder.UnableTo)),
    ];

    private static readonly (string Name, Func<Builder, object?> Value)[] Replaced =
        [.. Changing, ("name", builder => builder.Name), ("revision", builder => builder.Revision)];

    private static readonly string Replace =
        $"UPDATE builder SET revision = @new_revision, {RowCommand<Builder>.Assignments(Changing)} WHERE name = @name AND revision = @revision RETURNING lease_owner, lease_expires";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder>> ListAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync<IReadOnlyList<Builder>>(connection => Query(connection, "ORDER BY name"), cancellationToken);

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
            return connection.Execute(Insert, BuilderRow.Of(added)) == 1 ? added : null;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        store.WriteAsync(connection => connection.Execute("DELETE FROM builder WHERE name = @name", new { name }) == 1, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Builder?>> TryReplaceAsync(IReadOnlyList<Builder> builders, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builders);
        return store.WriteAsync<IReadOnlyList<Builder?>>(connection =>
        {
            var last = connection.ExecuteScalar<long>("SELECT value FROM counter WHERE name = 'builder-revision'");
            var revision = last;
            var stored = new Builder?[builders.Count];
            using var replace = new RowCommand<Builder>(connection, Replace, Replaced);
            for (var i = 0; i < stored.Length; i++)
            {
                stored[i] = replace.Query(builders[i], revision + 1, row => builders[i] with
                {
                    Revision = revision + 1,
                    LeaseOwner = row.IsDBNull(0) ? null : row.GetString(0),
                    LeaseExpires = row.IsDBNull(1) ? null : Times.Of(row.GetInt64(1)),
                });
                if (stored[i] is not null)
                    revision++;
            }

            if (revision > last)
                connection.Execute("UPDATE counter SET value = @revision WHERE name = 'builder-revision'", new { revision });
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
            var times = new { owner, now = now.UtcTicks, expires = (now + duration).UtcTicks };
            var own = connection.Execute("UPDATE builder SET lease_expires = @expires WHERE lease_owner = @owner", times);
            var free = connection.Query<string>(
                "SELECT name FROM builder WHERE lease_owner IS NULL OR (lease_owner <> @owner AND lease_expires <= @now) ORDER BY name", times);
            foreach (var name in free.Take(Math.Max(0, most - own)))
            {
                connection.Execute(
                    "UPDATE builder SET lease_owner = @owner, lease_expires = @expires, revision = @revision WHERE name = @name",
                    new { times.owner, times.expires, revision = NextRevision(connection), name });
            }

            return Query(connection, "WHERE lease_owner = @owner ORDER BY name", times);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string owner, CancellationToken cancellationToken = default) =>
        store.WriteAsync(connection =>
        {
            foreach (var name in connection.Query<string>("SELECT name FROM builder WHERE lease_owner = @owner", new { owner }))
            {
                connection.Execute(
                    "UPDATE builder SET lease_owner = NULL, lease_expires = NULL, revision = @revision WHERE name = @name",
                    new { revision = NextRevision(connection), name });
            }

            return true;
        }, cancellationToken);

    private static Builder? Find(SqliteConnection connection, string name) =>
        Query(connection, "WHERE name = @name", new { name }).FirstOrDefault();

    private static List<Builder> Query(SqliteConnection connection, string rest, object? parameters = null) =>
        [.. connection.Query<BuilderRow>($"SELECT * FROM builder {rest}", parameters).Select(row => row.ToBuilder())];

    private static long NextRevision(SqliteConnection connection) =>
        connection.ExecuteScalar<long>("UPDATE counter SET value = value + 1 WHERE name = 'builder-revision' RETURNING value");
}
