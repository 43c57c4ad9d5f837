using System.Data.Common;
using Buildd.Farm.Archives;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Master.Builds;
using Dapper;

namespace Buildd.Farm.Builds;

/// <summary>
/// The builds of archives, as people see them; <see cref="FarmStore"/> says what holds of all its records. Each listing takes the same
/// number of statements, whatever is in it.
/// </summary>
/// <param name="store">Whose they are.</param>
internal sealed class RequestRecords(FarmStore store)
{
    private readonly Table<Request> _requests = new("request", store.Dialect, RequestColumns.All);
    private readonly Table<Build> _builds = new("build", store.Dialect, BuildColumns.All);
    private readonly Table<Archive> _archives = new("archive", store.Dialect, ArchiveColumns.All);
    private readonly Table<LiveFs> _livefses = new("livefs", store.Dialect, LiveFsColumns.All);

    /// <summary>The build of a number that an actor sees; null when there is none, or it is in no archive.</summary>
    internal Task<FarmBuild?> FindAsync(Actor actor, long id, CancellationToken cancellationToken) => store.ReadAsync(
        async connection => await ReadAsync(connection, [id]) is [var build] && BuildRights.View.Allows(actor, build) ? build : null,
        cancellationToken);

    /// <summary>The build of a number, whoever asks; null when it is in no archive.</summary>
    internal Task<FarmBuild?> FindAsync(long id, CancellationToken cancellationToken) =>
        store.ReadAsync(connection => FindAsync(connection, id), cancellationToken);

    /// <inheritdoc cref="FindAsync(long, CancellationToken)"/>
    internal async Task<FarmBuild?> FindAsync(DbConnection connection, long id) =>
        await ReadAsync(connection, [id]) is [var build] ? build : null;

    /// <summary>Builds that an actor sees, the youngest first.</summary>
    internal Task<IReadOnlyList<FarmBuild>> ListAsync(Actor actor, RequestFilter filter, CancellationToken cancellationToken)
    {
        var conditions = new List<Sql> { BuildRights.View.For(actor) };
        if (filter.Archive is { } archive)
            conditions.Add($"request.archive = {archive}");
        if (filter.LiveFs is { } livefs)
            conditions.Add($"request.livefs = {livefs}");
        if (filter.Requester is { } requester)
            conditions.Add($"request.requester = {requester}");
        if (filter.Before is { } before)
            conditions.Add($"request.build < {before}");
        if (filter.State is { } state)
            conditions.Add($"build.state = {state}");
        if (filter.IsEnabledOnly)
            conditions.Add($"EXISTS (SELECT 1 FROM archive WHERE archive.id = request.archive AND archive.enabled)");
        Sql join = filter.State is null ? (Sql)$"" : $"JOIN build ON build.id = request.build ";
        Sql chosen =
            $"SELECT request.build FROM request {join}WHERE {Sql.All(conditions)} ORDER BY request.build DESC LIMIT {filter.Count}";
        return store.ReadAsync<IReadOnlyList<FarmBuild>>(
            async connection =>
            {
                var (text, parameters) = chosen.For(store.Dialect);
                return await ReadAsync(connection, [.. await connection.QueryAsync<long>(text, parameters)]);
            },
            cancellationToken);
    }

    /// <summary>
    /// Of builds that the master lists, those that an actor sees; those that are in no archive are of whoever looks after the farm.
    /// </summary>
    internal Task<IReadOnlyList<Build>> ThoseSeenAsync(Actor actor, IReadOnlyList<Build> builds, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<Build>>(
            async connection =>
            {
                var seen = (await ReadAsync(connection, [.. builds.Select(build => build.Id)]))
                    .ToDictionary(build => build.Build.Id, build => BuildRights.View.Allows(actor, build));
                var isOfTheFarm = actor.Has(Role.BuildFarmAdministrator);
                return [.. builds.Where(build => seen.GetValueOrDefault(build.Id, isOfTheFarm))];
            },
            cancellationToken);

    /// <summary>Adds what was asked for, in the transaction that adds its build.</summary>
    internal async Task AddAsync(DbConnection connection, Request request)
    {
        using var insert = _requests.PrepareInsert(connection, _requests.Insert(except: []), except: []);
        await insert.ExecuteAsync(request);
    }

    /// <summary>Keeps the lines that a build's attempt gets, unless that one has got some.</summary>
    internal Task SetAptLinesAsync(Build build, IReadOnlyList<string> lines, CancellationToken cancellationToken) => store.WriteAsync(
        connection => connection.ExecuteAsync(
            "UPDATE request SET apt_lines = @lines, apt_attempt = @Attempt WHERE build = @Id AND apt_attempt < @Attempt",
            new { build.Id, build.Attempt, lines = StoreJson.Write(lines) }),
        cancellationToken);

    /// <summary>The number of the waiting build with an identity; null when none waits.</summary>
    internal async Task<long?> FindWaitingAsync(DbConnection connection, string identity)
    {
        Sql sql =
            $"""
            SELECT request.build FROM request JOIN build ON build.id = request.build
            WHERE request.identity = {identity} AND build.state = {BuildState.NeedsBuild} LIMIT 1
            """;
        var (text, parameters) = sql.For(store.Dialect);
        return await connection.ExecuteScalarAsync<long?>(text, parameters);
    }

    /// <summary>How long the last good builds of a live filesystem took on an architecture, the latest first.</summary>
    internal async Task<IReadOnlyList<TimeSpan>> DurationsAsync(DbConnection connection, long livefs, long architecture, int count)
    {
        Sql sql =
            $"""
            SELECT build.finished - build.started FROM request JOIN build ON build.id = request.build
            WHERE request.livefs = {livefs} AND request.architecture = {architecture} AND build.state = {BuildState.FullyBuilt}
                AND build.started IS NOT NULL AND build.finished IS NOT NULL
            ORDER BY request.build DESC LIMIT {count}
            """;
        var (text, parameters) = sql.For(store.Dialect);
        return [.. (await connection.QueryAsync<long>(text, parameters)).Select(TimeSpan.FromTicks)];
    }

    private async Task<IReadOnlyList<FarmBuild>> ReadAsync(DbConnection connection, IReadOnlyList<long> ids)
    {
        if (ids.Count == 0)
            return [];
        var numbers = new IdSet(ids);
        var requests = (await _requests.QueryAsync(connection, $"WHERE request.build IN {numbers}")).ToDictionary(one => one.Build);
        var builds = (await _builds.QueryAsync(connection, $"WHERE build.id IN {numbers}")).ToDictionary(one => one.Id);
        var archives = (await _archives.QueryAsync(
            connection, $"WHERE archive.id IN {new IdSet(requests.Values.Select(one => one.Archive))}")).ToDictionary(one => one.Id);
        var livefses = (await _livefses.QueryAsync(
            connection, $"WHERE livefs.id IN {new IdSet(requests.Values.Select(one => one.Livefs ?? 0))}")).ToDictionary(one => one.Id);
        return
        [
            .. from id in ids
               where requests.ContainsKey(id)
               let request = requests[id]
               select new FarmBuild(
                   builds[id], request, archives[request.Archive], request.Livefs is { } livefs ? livefses[livefs] : null),
        ];
    }
}

/// <summary>Which builds of archives to list; null does not matter.</summary>
internal sealed record RequestFilter
{
    /// <summary>The most of one listing.</summary>
    internal const int MaxCount = 1000;

    /// <summary>The archive's number.</summary>
    internal long? Archive { get; init; }

    /// <summary>The live filesystem's number.</summary>
    internal long? LiveFs { get; init; }

    /// <summary>The number of whoever asked.</summary>
    internal long? Requester { get; init; }

    /// <summary>The state.</summary>
    internal BuildState? State { get; init; }

    /// <summary>Only builds of archives that are enabled.</summary>
    internal bool IsEnabledOnly { get; init; }

    /// <summary>Only builds with smaller numbers.</summary>
    internal long? Before { get; init; }

    /// <summary>How many at most, from 1 to <see cref="MaxCount"/>; 50 by default.</summary>
    internal int Count { get; init => field = Math.Clamp(value, 1, MaxCount); } = 50;
}
