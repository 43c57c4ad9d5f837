using System.Data.Common;
using Buildd.Master;
using Buildd.Master.Builds;
using Dapper;

namespace Buildd.Farm.Store;

/// <summary>The builds and the queue; <see cref="FarmStore"/> says what holds of all its records.</summary>
internal sealed class BuildRecords : IBuildRecords, IQueuedBuilds
{
    private const string LastRevision = "SELECT coalesce(max(revision), 0) FROM build";

    private const string Key = "id";
    private const string UniqueKey = "unique_key";

    /// <summary>The index build_on_builder would refuse a second build on a builder too; asked beforehand it is no error.</summary>
    private const string BuilderIsFree =
        " AND NOT EXISTS (SELECT 1 FROM build other WHERE other.builder = @builder AND other.queue IN (1, 2) AND other.id <> @id)";

    /// <summary>The same of all builds that are given.</summary>
    private const string GivenBuilderIsFree =
        " AND NOT EXISTS (SELECT 1 FROM build other WHERE other.builder = given.builder AND other.queue IN (1, 2) "
        + "AND other.id <> given.id)";

    private readonly FarmStore _store;
    private readonly Table<Build> _table;
    private readonly string _insert;
    private readonly string _replace;

    internal BuildRecords(FarmStore store)
    {
        _store = store;
        _table = new Table<Build>("build", store.Dialect, BuildColumns.All);
        _insert = $"{_table.Insert(except: [Key], UniqueKey)} RETURNING id";
        _replace = _table.Replace(Key);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return _store.WriteAsync(connection => AddAsync(connection, builds), cancellationToken);
    }

    /// <summary>Adds builds in a transaction of somebody else, who adds more.</summary>
    internal async Task<IReadOnlyList<Build>> AddAsync(DbConnection connection, IReadOnlyList<NewBuild> builds)
    {
        var now = _store.Time.GetUtcNow();
        var revision = await connection.ExecuteScalarAsync<long>(LastRevision);
        if (_store.Dialect.HasArrays)
            return await AddManyAsync(connection, builds, revision, now);
        var added = new Build[builds.Count];
        using var insert = _table.PrepareInsert(connection, _insert, except: [Key], UniqueKey);
        for (var i = 0; i < added.Length; i++)
        {
            added[i] = await FindByKeyAsync(connection, builds[i].UniqueKey)
                ?? await AddAsync(connection, insert, builds[i], ++revision, now);
        }

        return added;
    }

    /// <inheritdoc/>
    public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default) =>
        _store.ReadAsync(connection => FindAsync(connection, id), cancellationToken);

    /// <summary>The build of a number, in a transaction of somebody else; null when there is none.</summary>
    internal Task<Build?> FindAsync(DbConnection connection, long id) => _table.FindAsync(connection, "WHERE id = @id", new { id });

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default) =>
        _store.ReadAsync(
            async connection => await connection.ExecuteScalarAsync<byte[]>(
                "SELECT bytes FROM specification WHERE build = @id", new { id }) is { } bytes
                ? bytes
                : default(ReadOnlyMemory<byte>?), // not null: that would become an empty memory
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return _store.ReadAsync<IReadOnlyList<Build>>(
            async connection => await _table.QueryAsync(connection, BuildListings.All(filter)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return _store.WriteAsync(connection => TryReplaceAsync(connection, builds), cancellationToken);
    }

    /// <summary>Replaces builds in a transaction of somebody else, who changes more.</summary>
    internal async Task<IReadOnlyList<Build?>> TryReplaceAsync(DbConnection connection, IReadOnlyList<Build> builds)
    {
        var revision = await connection.ExecuteScalarAsync<long>(LastRevision);
        var stored = new Build?[builds.Count];
        if (_store.Dialect.HasArrays && AreApart(builds))
        {
            await ReplaceManyAsync(connection, builds, revision, stored);
            return stored;
        }

        using var replace = _table.PrepareReplace(connection, _replace, Key);
        using var replaceOnBuilder = _table.PrepareReplace(connection, _replace + BuilderIsFree, Key);
        for (var i = 0; i < stored.Length; i++)
        {
            if (await (IsOnBuilder(builds[i]) ? replaceOnBuilder : replace).ExecuteAsync(builds[i], revision + 1) == 1)
                stored[i] = builds[i] with { Revision = ++revision };
        }

        return stored;
    }

    /// <inheritdoc/>
    public Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default) =>
        _store.ReadAsync(
            async connection => new QueueSnapshot(
                await _table.QueryAsync(connection, "WHERE queue IS NOT NULL"), await connection.ExecuteScalarAsync<long>(LastRevision)),
            cancellationToken);

    /// <inheritdoc/>
    public Task<QueueListing> ListQueueAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return _store.ReadAsync(
            async connection =>
            {
                var builds = new List<Build>();
                for (var part = 0; part < BuildListings.QueuePartCount && builds.Count < filter.Count; part++)
                    builds.AddRange(await _table.QueryAsync(connection, BuildListings.Queue(filter, part, filter.Count - builds.Count)));
                var count = builds.Count < filter.Count
                    ? builds.Count
                    : await _table.CountAsync(connection, BuildListings.QueueCount(filter));
                return new QueueListing(builds, count);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return _store.ReadAsync<IReadOnlyList<Build>>(
            async connection => await _table.QueryAsync(
                connection, "WHERE revision > @after ORDER BY revision LIMIT @most", new { after, most }),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var changed = _store.ChangedAsync(cancellationToken);
            var last = await _store.ReadAsync(connection => connection.ExecuteScalarAsync<long>(LastRevision), cancellationToken);
            if (_store.TakeRewound() || last < after)
            {
                throw new RecordsRewoundException(
                    $"The farm's store {_store.Name} may have lost its last changes: it has the revision {last}, and {after} was known. "
                        + "Another server has taken over, or a backup was put in its place.");
            }

            if (last > after)
                return;
            await changed;
        }
    }

    private static bool IsOnBuilder(Build build) =>
        build is { Queue: QueueState.Running or QueueState.Cancelling, Builder: not null };

    /// <summary>
    /// Whether it is the same to replace builds at once or one after the other: no two are one, and none takes a builder that another may
    /// have left a moment before.
    /// </summary>
    private static bool AreApart(IReadOnlyList<Build> builds) =>
        builds.DistinctBy(build => build.Id).Count() == builds.Count
        && builds.Where(IsOnBuilder).ToList() is var onBuilder
        && (onBuilder.Count == 0 || onBuilder.Count == builds.Count)
        && onBuilder.DistinctBy(build => build.Builder).Count() == onBuilder.Count;

    private async Task ReplaceManyAsync(DbConnection connection, IReadOnlyList<Build> builds, long revision, Build?[] stored)
    {
        var places = builds.Index().ToDictionary(build => build.Item.Id, build => build.Index);
        var condition = builds.Any(IsOnBuilder) ? GivenBuilderIsFree : "";
        await _table.ReplaceManyAsync(connection, Key, condition, "build.id, build.revision", builds, revision, row =>
        {
            var place = places[row.GetInt64(0)];
            stored[place] = builds[place] with { Revision = row.GetInt64(1) };
        });
    }

    /// <summary>
    /// Adds builds by a few statements, however many there are. Numbers are taken beforehand, so that their order is ours.
    /// </summary>
    private async Task<IReadOnlyList<Build>> AddManyAsync(
        DbConnection connection, IReadOnlyList<NewBuild> builds, long revision, DateTimeOffset now)
    {
        var keys = builds.Select(build => build.UniqueKey).OfType<string>().Distinct().ToArray();
        var known = new Dictionary<string, Build>(StringComparer.Ordinal);
        if (keys.Length > 0)
        {
            var found = await _table.QueryAsync(connection, "WHERE unique_key = ANY(@keys) ORDER BY id", new { keys });
            var names = await connection.QueryAsync<string>(
                "SELECT unique_key FROM build WHERE unique_key = ANY(@keys) ORDER BY id", new { keys });
            foreach (var (key, build) in names.Zip(found))
                known[key] = build;
        }

        var ids = new Queue<long>(await connection.QueryAsync<long>(
            "SELECT nextval(pg_get_serial_sequence('build', 'id')) FROM generate_series(1, @count)",
            new { count = builds.Count(build => build.UniqueKey is null) + keys.Count(key => !known.ContainsKey(key)) }));
        var (added, fresh, wanted) = (new Build[builds.Count], new List<Build>(), new List<NewBuild>());
        for (var i = 0; i < added.Length; i++)
        {
            if (builds[i].UniqueKey is { } key && known.TryGetValue(key, out var before))
            {
                added[i] = before;
                continue;
            }

            added[i] = builds[i].ToBuild(ids.Dequeue(), ++revision, now);
            fresh.Add(added[i]);
            wanted.Add(builds[i]);
            if (builds[i].UniqueKey is { } own)
                known[own] = added[i];
        }

        if (fresh.Count == 0)
            return added;
        await _table.InsertManyAsync(connection, fresh, (UniqueKey, [.. wanted.Select(build => build.UniqueKey)]));
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO specification (build, bytes) SELECT * FROM unnest(@builds, @bytes)";
        Table<Build>.Add(command, "builds", fresh.Select(build => build.Id).ToArray());
        Table<Build>.Add(command, "bytes", wanted.Select(build => build.Specification.ToArray()).ToArray());
        await command.ExecuteNonQueryAsync();
        return added;
    }

    private async Task<Build?> FindByKeyAsync(DbConnection connection, string? key) => key is null
        ? null
        : await _table.FindAsync(connection, "WHERE unique_key = @key", new { key });

    private static async Task<Build> AddAsync(
        DbConnection connection, RowStatement<Build> insert, NewBuild added, long revision, DateTimeOffset now)
    {
        var build = added.ToBuild(0, revision, now);
        var id = await insert.QueryAsync(build, row => row.GetInt64(0), added.UniqueKey);
        await connection.ExecuteAsync(
            "INSERT INTO specification (build, bytes) VALUES (@id, @bytes)", new { id, bytes = added.Specification.ToArray() });
        return build with { Id = id };
    }
}
