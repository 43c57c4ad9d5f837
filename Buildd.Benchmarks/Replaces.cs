using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Benchmarks;

/// <summary>A master stores each decision before it acts on it: how many can a store of SQLite take in a second?</summary>
/// <remarks>
/// Ours changes whole records of a queue of 100,000 builds, each compared with its stored revision, and each flushed to the disk
/// before it counts. The peer is SQLite itself on the same file system: an UPDATE of one number in a table of as many rows with
/// one index, flushed as often. Files are made below TMPDIR; on a file system in memory flushing costs nothing.
/// </remarks>
internal sealed class Replaces : IBenchmark
{
    private const int Queued = 100_000;
    private const int Singles = 300;
    private const int AtOnce = 64;
    private const int BatchSize = 100;
    private const int Batches = 40;

    public string Question =>
        $"How many changes of builds per second does the store take with {Queued} queued builds, against a bare UPDATE of SQLite?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var store = await SqliteStore.OpenAsync(Path.Combine(folder, "farm.sqlite"), cancellationToken: cancellationToken);
        for (var i = 0; i < Queued / 10_000; i++)
            await store.Builds.AddAsync([.. Enumerable.Range(0, 10_000).Select(_ => New())], cancellationToken);
        var builds = (await store.Builds.ReadQueueAsync(cancellationToken)).Builds.ToDictionary(build => build.Id);
        using var peer = OpenPeer(folder);
        var next = 0L;

        return
        [
            .. await Rounds.MeasureAsync(
                [new Quantity("one at a time", "/s")],
                () => TimeAsync(Singles, async () =>
                {
                    for (var i = 0; i < Singles; i++)
                        await ChangeAsync(1);
                }),
                () => TimeAsync(Singles, () => UpdateAsync(peer, Singles, 1))),
            .. await Rounds.MeasureAsync(
                [new Quantity($"{AtOnce} callers at the same time, one each", "/s")],
                () => TimeAsync(Singles * AtOnce / 8, () => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
                {
                    for (var i = 0; i < Singles / 8; i++)
                        await ChangeAsync(1);
                }))),
                () => TimeAsync(Singles, () => UpdateAsync(peer, Singles, 1))),
            .. await Rounds.MeasureAsync(
                [new Quantity($"in batches of {BatchSize} (aim: 2,000 dispatches per second)", "/s")],
                () => TimeAsync(Batches * BatchSize, async () =>
                {
                    for (var i = 0; i < Batches; i++)
                        await ChangeAsync(BatchSize);
                }),
                () => TimeAsync(Batches * BatchSize, () => UpdateAsync(peer, Batches, BatchSize))),
        ];

        async Task ChangeAsync(int count)
        {
            var last = Interlocked.Add(ref next, count);
            var changed = new List<Build>(count);
            lock (builds)
            {
                for (var i = last - count; i < last; i++)
                    changed.Add(builds[(i % Queued) + 1].Rescored((int)i));
            }

            var stored = await store.Builds.TryReplaceAsync(changed, cancellationToken);
            lock (builds)
            {
                foreach (var build in stored)
                    builds[build!.Id] = build;
            }
        }
    }

    private static NewBuild New() => new()
    {
        JobType = "PACKAGEBUILD",
        Title = "amd64 build of hello 2.10-3 in debian bookworm",
        Subject = "hello",
        Processor = "amd64",
        Specification = new byte[500],
    };

    private static async Task<double[]> TimeAsync(int changes, Func<Task> work)
    {
        var start = Stopwatch.GetTimestamp();
        await work();
        return [changes / Stopwatch.GetElapsedTime(start).TotalSeconds];
    }

    private static SqliteConnection OpenPeer(string folder)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "peer.sqlite")};Pooling=False");
        connection.Open();
        connection.Execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE build (id INTEGER PRIMARY KEY, revision INTEGER UNIQUE, "
                + "title TEXT)");
        connection.Execute(
            $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Queued}) INSERT INTO build SELECT i, i, 'amd64 "
                + "build of hello 2.10-3 in debian bookworm' FROM n");
        return connection;
    }

    /// <summary>As a program without any of our parts would: one prepared statement.</summary>
    private static Task UpdateAsync(SqliteConnection connection, int transactions, int each) => Task.Run(() =>
    {
        using var update = connection.CreateCommand();
        update.CommandText = "UPDATE build SET revision = (SELECT max(revision) + 1 FROM build) WHERE id = $id";
        var id = update.Parameters.Add("$id", SqliteType.Integer);
        update.Prepare();
        for (var i = 0; i < transactions; i++)
        {
            using var transaction = connection.BeginTransaction();
            update.Transaction = transaction;
            for (var j = 0; j < each; j++)
            {
                id.Value = (((long)i * each) + j) % Queued + 1;
                update.ExecuteNonQuery();
            }

            transaction.Commit();
        }
    });
}
