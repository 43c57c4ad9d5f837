using System.Text;
using Buildd.Master.Builds;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>Builds in SQLite; <see cref="SqliteStore"/> says what holds of all its stores.</summary>
/// <param name="store">Whose they are.</param>
public sealed class SqliteBuilds(SqliteStore store) : IBuildRecords, IQueuedBuilds
{
    /// <summary>How often other processes' commits are looked for while somebody waits: a read of one page that is in memory.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private const string LastRevision = "SELECT coalesce(max(revision), 0) FROM build";

    private const string Insert =
        """
        INSERT INTO build (revision, job_type, manager, title, subject, owner, archive, distribution, processor, virtualized,
            resources, state, queue, score, scored_by_hand, estimated_duration, created, queued, attempt, failures, given_back,
            dependencies, files, unique_key)
        VALUES (@Revision, @JobType, @Manager, @Title, @Subject, @Owner, @Archive, @Distribution, @Processor, @Virtualized,
            @Resources, @State, @Queue, @Score, @ScoredByHand, @EstimatedDuration, @Created, @Queued, @Attempt, @Failures, @GivenBack,
            @Dependencies, @Files, @UniqueKey)
        RETURNING id
        """;

    /// <summary>What changes of a build.</summary>
    private static readonly (string Name, Func<Build, object?> Value)[] Changing =
    [
        ("state", build => (long)build.State),
        ("queue", build => (long?)build.Queue),
        ("score", build => (long)build.Score),
        ("scored_by_hand", build => build.ScoredByHand ? 1L : 0L),
        ("estimated_duration", build => build.EstimatedDuration.Ticks),
        ("queued", build => build.Queued.UtcTicks),
        ("not_before", build => build.NotBefore?.UtcTicks),
        ("started", build => build.Started?.UtcTicks),
        ("first_dispatched", build => build.FirstDispatched?.UtcTicks),
        ("finished", build => build.Finished?.UtcTicks),
        ("builder", build => build.Builder),
        ("attempt", build => (long)build.Attempt),
        ("failures", build => (long)build.Failures),
        ("given_back", build => (long)build.GivenBack),
        ("cancel_requested", build => build.CancelRequested?.UtcTicks),
        ("leaf", build => build.Leaf),
        ("log_name", build => build.LogName),
        ("upload_log_name", build => build.UploadLogName),
        ("dependencies", build => build.Dependencies),
        ("reason", build => build.Reason),
        ("files", build => StoreJson.Write(build.Files)),
    ];

    private static readonly (string Name, Func<Build, object?> Value)[] Replaced =
        [.. Changing, ("id", build => build.Id), ("revision", build => build.Revision)];

    private static readonly string Replace =
        $"UPDATE build SET revision = @new_revision, {RowCommand<Build>.Assignments(Changing)} WHERE id = @id AND revision = @revision";

    /// <summary>The index build_on_builder would refuse a second build on a builder too; asked beforehand it is no error.</summary>
    private static readonly string ReplaceOnBuilder =
        Replace + " AND NOT EXISTS (SELECT 1 FROM build other WHERE other.builder = @builder AND other.queue IN (1, 2) AND other.id <> @id)";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return store.WriteAsync<IReadOnlyList<Build>>(connection =>
        {
            var now = store.Time.GetUtcNow();
            var revision = connection.ExecuteScalar<long>(LastRevision);
            var added = new Build[builds.Count];
            for (var i = 0; i < added.Length; i++)
                added[i] = FindByKey(connection, builds[i].UniqueKey) ?? Add(connection, builds[i], ++revision, now);
            return added;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => connection.QuerySingleOrDefault<BuildRow>($"SELECT {BuildRow.Columns} FROM build WHERE id = @id", new { id })?.ToBuild(),
            cancellationToken);

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default) =>
        store.ReadAsync(
            connection => connection.QuerySingleOrDefault<byte[]>("SELECT bytes FROM specification WHERE build = @id", new { id }) is { } bytes
                ? bytes
                : default(ReadOnlyMemory<byte>?), // not null: that would become an empty memory
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var conditions = new StringBuilder();
        void Where(object? wanted, string condition)
        {
            if (wanted is not null)
                conditions.Append(conditions.Length == 0 ? " WHERE " : " AND ").Append(condition);
        }

        Where(filter.State, "state = @State");
        Where(filter.Queue, "queue = @Queue");
        Where(filter.JobType, "job_type = @JobType");
        Where(filter.Owner, "owner = @Owner");
        Where(filter.Subject, "subject = @Subject");
        Where(filter.Processor, "processor = @Processor");
        Where(filter.Builder, "builder = @Builder");
        Where(filter.Before, "id < @Before");
        return store.ReadAsync<IReadOnlyList<Build>>(
            connection => Query(connection, $"{conditions} ORDER BY id DESC LIMIT @Count", new
            {
                State = (long?)filter.State,
                Queue = (long?)filter.Queue,
                filter.JobType,
                filter.Owner,
                filter.Subject,
                filter.Processor,
                filter.Builder,
                filter.Before,
                filter.Count,
            }),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        return store.WriteAsync<IReadOnlyList<Build?>>(connection =>
        {
            var revision = connection.ExecuteScalar<long>(LastRevision);
            var stored = new Build?[builds.Count];
            using var replace = new RowCommand<Build>(connection, Replace, Replaced);
            using var replaceOnBuilder = new RowCommand<Build>(connection, ReplaceOnBuilder, Replaced);
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
                Query(connection, "WHERE queue IS NOT NULL", null, buffered: false), connection.ExecuteScalar<long>(LastRevision)),
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return store.ReadAsync<IReadOnlyList<Build>>(
            connection => Query(connection, "WHERE revision > @after ORDER BY revision LIMIT @most", new { after, most }), cancellationToken);
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

    private static List<Build> Query(SqliteConnection connection, string rest, object? parameters, bool buffered = true) =>
        [.. connection.Query<BuildRow>($"SELECT {BuildRow.Columns} FROM build {rest}", parameters, buffered: buffered).Select(row => row.ToBuild())];

    private static Build? FindByKey(SqliteConnection connection, string? key) => key is null
        ? null
        : Query(connection, "WHERE unique_key = @key", new { key }).FirstOrDefault();

    private static Build Add(SqliteConnection connection, NewBuild added, long revision, DateTimeOffset now)
    {
        var build = added.ToBuild(0, revision, now);
        var parameters = new DynamicParameters(BuildRow.Of(build));
        parameters.Add("UniqueKey", added.UniqueKey);
        var id = connection.ExecuteScalar<long>(Insert, parameters);
        connection.Execute("INSERT INTO specification (build, bytes) VALUES (@id, @bytes)", new { id, bytes = added.Specification.ToArray() });
        return build with { Id = id };
    }
}
