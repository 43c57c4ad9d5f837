using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store.Postgresql;
using Buildd.Testing.Databases;
using Dapper;
using Npgsql;

namespace Buildd.Benchmarks;

/// <summary>The same as <see cref="Dispatches"/> with a store of PostgreSQL, whose server flushes what is committed.</summary>
/// <remarks>
/// The peer is Npgsql by itself on the same server: the columns that a dispatch changes, in a table with the same columns and indexes, by
/// one statement for the builders and one for the builds, each in a transaction; nothing is compared, and nobody chooses.
/// </remarks>
internal sealed class PostgresDispatches : IBenchmark
{
    /// <summary>The aim, in dispatches a second.</summary>
    private const int Aim = 10_000;

    private const int Queued = DispatchRound.Queued;
    private const int Builders = DispatchRound.Builders;

    /// <summary>Peer's builds that it gives in turn, so that it comes to rows that it has not just written.</summary>
    private int _first;

    public string Question => $"How many of {Builders} free builders get a build per second, of a queue of {Queued} in PostgreSQL?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions
        {
            IsDurable = true,
            Settings = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=1h"],
        });
        await using var store = await PostgresStore.OpenAsync(server.ConnectionString, cancellationToken: cancellationToken);
        await using var ours = await DispatchRound.StartAsync(store, folder, cancellationToken);
        await using var peer = new NpgsqlConnection(server.ConnectionString);
        await OpenPeerAsync(peer, cancellationToken);
        return await Rounds.MeasureAsync(
            [new Quantity($"in batches, {Queued} builds queued (aim: {Aim})", "/s")],
            () => ours.GiveAsync(cancellationToken),
            () => UpdateAsync(peer, cancellationToken));
    }

    /// <summary>The same tables, beside ours.</summary>
    private static async Task OpenPeerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            CREATE TABLE peer_build (LIKE build INCLUDING ALL);
            CREATE TABLE peer_builder (LIKE builder INCLUDING ALL);
            INSERT INTO peer_build SELECT * FROM build;
            INSERT INTO peer_builder SELECT * FROM builder;
            ANALYZE;
            """,
            commandTimeout: 0);
    }

    private async Task<double[]> UpdateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var names = Enumerable.Range(0, Builders).Select(i => $"builder{i}").ToArray();
        var ids = Enumerable.Range(0, Builders).Select(i => (long)((_first + i) % Queued) + 1).ToArray();
        var last = await connection.ExecuteScalarAsync<long>("SELECT max(revision) FROM peer_build");
        var revisions = Enumerable.Range(1, Builders).Select(i => last + i).ToArray();
        _first += Builders;
        var now = TimeProvider.System.GetUtcNow().UtcTicks;
        var start = Stopwatch.GetTimestamp();
        await RunAsync(
            "UPDATE peer_builder SET clean = 1, clean_changed = @now, revision = given.revision "
                + "FROM unnest(@names, @revisions) AS given (name, revision) WHERE peer_builder.name = given.name",
            new { names, revisions, now });
        await RunAsync(
            "UPDATE peer_build SET state = 6, queue = 1, builder = given.name, attempt = attempt + 1, started = @now, "
                + "first_dispatched = @now, revision = given.revision FROM unnest(@ids, @names, @revisions) AS given (id, name, revision) "
                + "WHERE peer_build.id = given.id",
            new { ids, names, revisions, now });
        var rate = Builders / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await connection.ExecuteAsync("UPDATE peer_build SET state = 2, queue = NULL WHERE queue = 1");
        return [rate];

        async Task RunAsync(string sql, object parameters)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(sql, parameters);
            await transaction.CommitAsync(cancellationToken);
        }
    }
}
