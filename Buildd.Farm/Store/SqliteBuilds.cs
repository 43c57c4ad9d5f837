using Buildd.Master.Builds;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>Builds in SQLite; <see cref="SqliteStore"/> says what holds of all its stores.</summary>
/// <param name="store">Whose they are.</param>
internal sealed class SqliteBuilds(SqliteStore store) : IBuildRecords, IQueuedBuilds
{
    /// <summary>How often other processes' commits are looked for while somebody waits: a read of one page that is in memory.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private const string LastRevision = "SELECT coalesce(max(revision), 0) FROM build";

    private const string Key = "id";
    private const string UniqueKey = "unique_key";

    private static readonly Table<Build> Table = new("build", SqliteDialect.Instance, BuildColumns.All);

    private static readonly string Insert = $"{Table.Insert(except: [Key], UniqueKey)} RETURNING id";

    private static readonly string Replace = Table.Replace(Key);

    /// <summary>The index build_on_builder would refuse a second build on a builder too; asked beforehand it is no error.</summary>
    private static readonly string ReplaceOnBuilder =
        Replace
            + " AND NOT EXISTS (SELECT 1 FROM build other WHERE other.builder = @builder AND other.queue IN (1, 2) AND other.id <> @id)";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return store.WriteAsync<IReadOnlyList<Build>>(connection =>
        {
            var now = store.Time.GetUtcNow();
            var revision = connection.ExecuteScalar<long>(LastRevision);
            var added = new Build[builds.Count];
            using var insert = Table.PrepareInsert(connection, Insert, except: [Key], UniqueKey);
            for (var i = 0; i < added.Length; i++)
                added[i] = FindByKey(connection, builds[i].UniqueKey) ?? Add(connection, insert, builds[i], ++revision, now);
            return added;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => Table.Query(connection, "WHERE id = @id", ("id", id)).FirstOrDefault(),
            cancellationToken);

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => connection.ExecuteScalar<byte[]>("SELECT bytes FROM specification WHERE build = @id", ("id", id)) is { } bytes
                ? bytes
                : default(ReadOnlyMemory<byte>?), // not null: that would become an empty memory
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return store.ReadAsync<IReadOnlyList<Build>>(connection => Table.Query(connection, BuildListings.All(filter)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return store.WriteAsync<IReadOnlyList<Build?>>(connection =>
        {
            var revision = connection.ExecuteScalar<long>(LastRevision);
            var stored = new Build?[builds.Count];
            using var replace = Table.PrepareReplace(connection, Replace, Key);
            using var replaceOnBuilder = Table.PrepareReplace(connection, ReplaceOnBuilder, Key);
            for (var i = 0; i < stored.Length; i++)
            {
                var isOnBuilder = builds[i] is { Queue: QueueState.Running or QueueState.Cancelling, Builder: not null };
                if ((isOnBuilder ? replaceOnBuilder : replace).Execute(builds[i], revision + 1) == 1)
                    stored[i] = builds[i] with { Revision = ++revision };
            }

            return stored;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => new QueueSnapshot(
                Table.Query(connection, "WHERE queue IS NOT NULL"), connection.ExecuteScalar<long>(LastRevision)),
            cancellationToken);

    /// <inheritdoc/>
    public Task<QueueListing> ListQueueAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return store.ReadAsync(
            connection =>
            {
                var builds = new List<Build>();
                for (var part = 0; part < BuildListings.QueuePartCount && builds.Count < filter.Count; part++)
                    builds.AddRange(Table.Query(connection, BuildListings.Queue(filter, part, filter.Count - builds.Count)));
                var count = builds.Count < filter.Count ? builds.Count : Table.Count(connection, BuildListings.QueueCount(filter));
                return new QueueListing(builds, count);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return store.ReadAsync<IReadOnlyList<Build>>(
            connection => Table.Query(
                connection, "WHERE revision > @after ORDER BY revision LIMIT @most", ("after", after), ("most", most)),
            cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>What this object writes is heard at once, what others do at the next look, a quarter of a second later.</remarks>
    public async Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var committed = store.CommittedAsync();
            if (await store.ReadAsync(connection => connection.ExecuteScalar<long>(LastRevision), cancellationToken) > after)
                return;
            await Task.WhenAny(committed, Task.Delay(LookInterval, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static Build? FindByKey(SqliteConnection connection, string? key) => key is null
        ? null
        : Table.Query(connection, "WHERE unique_key = @key", ("key", key)).FirstOrDefault();

    private static Build Add(SqliteConnection connection, RowStatement<Build> insert, NewBuild added, long revision, DateTimeOffset now)
    {
        var build = added.ToBuild(0, revision, now);
        var id = insert.Query(build, row => row.GetInt64(0), added.UniqueKey);
        connection.Execute(
            "INSERT INTO specification (build, bytes) VALUES (@id, @bytes)", ("id", id), ("bytes", added.Specification.ToArray()));
        return build with { Id = id };
    }
}
