using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Benchmarks;

/// <summary>Builders become free all at once: how many of them has a master given a build, stored durably, after a second?</summary>
/// <remarks>
/// Ours is the master's own choosing over a queue of 100,000 builds of a hundred owners, and the store of SQLite: who is next for
/// each builder, the builder's record (dirty) and the build's (building), each compared and flushed to the disk before
/// anything is told to a slave. The peer is SQLite alone, with two UPDATEs of a number for each. Files are made below TMPDIR.
/// </remarks>
internal sealed class Dispatches : IBenchmark
{
    private const int Queued = DispatchRound.Queued;
    private const int Builders = DispatchRound.Builders;

    public string Question => $"How many of {Builders} free builders get a build per second, of a queue of {Queued}, stored durably?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var store = await SqliteStore.OpenAsync(Path.Combine(folder, "farm.sqlite"), cancellationToken: cancellationToken);
        await using var ours = await DispatchRound.StartAsync(store, folder, cancellationToken);
        using var peer = OpenPeer(folder);
        return await Rounds.MeasureAsync(
            [new Quantity($"in batches, {Queued} builds queued (aim: 2,000)", "/s")],
            () => ours.GiveAsync(cancellationToken),
            () => Task.Run(() => UpdateAll(peer), cancellationToken));
    }

    private static SqliteConnection OpenPeer(string folder)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "peer.sqlite")};Pooling=False");
        connection.Open();
        connection.Execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE build (id INTEGER PRIMARY KEY, revision INTEGER, title "
                + "TEXT); CREATE TABLE builder (id INTEGER PRIMARY KEY, revision INTEGER)");
        connection.Execute(
            $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Queued}) INSERT INTO build SELECT i, i, 'amd64 "
                + "build of hello 2.10-3 in debian bookworm' FROM n");
        connection.Execute(
            $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Builders}) INSERT INTO builder SELECT i, i FROM n");
        return connection;
    }

    /// <summary>One transaction for the builders and one for the builds, as ours has it.</summary>
    private static double[] UpdateAll(SqliteConnection connection)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var table in (string[])["builder", "build"])
        {
            using var transaction = connection.BeginTransaction();
            using var update = connection.CreateCommand();
            update.Transaction = transaction;
            update.CommandText = $"UPDATE {table} SET revision = revision + 1 WHERE id = $id";
            var id = update.Parameters.Add("$id", SqliteType.Integer);
            update.Prepare();
            for (var i = 1; i <= Builders; i++)
            {
                id.Value = i;
                update.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        return [Builders / Stopwatch.GetElapsedTime(start).TotalSeconds];
    }
}
