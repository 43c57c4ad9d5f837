using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Benchmarks;

/// <summary>Builders become free all at once: how many of them has a master given a build, stored durably, after a second?</summary>
/// <remarks>
/// Ours is the master's own choosing over a queue of 100,000 builds of a hundred owners, and the store of SQLite: who is next for
/// each builder, the builder's record (dirty) and the build's (building), each compared and flushed to the disk before
/// anything is told to a slave. The peer is SQLite alone, with two UPDATEs of a number for each. Files are made below TMPDIR.
/// </remarks>
internal sealed class Dispatches : IBenchmark
{
    private const int Queued = 100_000;
    private const int Owners = 100;
    private const int Builders = 1000;

    public string Question => $"How many of {Builders} free builders get a build per second, of a queue of {Queued}, stored durably?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await using var store = await SqliteStore.OpenAsync(Path.Combine(folder, "farm.sqlite"), cancellationToken: cancellationToken);
        for (var i = 0; i < Queued / 10_000 + 1; i++)
            await store.Builds.AddAsync([.. Enumerable.Range(0, 10_000).Select(New)], cancellationToken);
        for (var i = 0; i < Builders; i++)
            await store.Builders.TryAddAsync(
                new Builder
                {
                    Name = $"builder{i}",
                    Url = new Uri($"http://builder{i}/"),
                    Revision = 1,
                    Processors = ["amd64"],
                    Clean = CleanState.Clean,
                }, cancellationToken);
        var options = new MasterOptions { Root = folder };
        var scheduler =
            new Scheduler(store.Builds, store.Builds, store.Builders, options.FairShare, TimeProvider.System, NullLogger.Instance);
        await scheduler.LoadAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = scheduler.RunAsync(stop.Token);
        using var peer = OpenPeer(folder);
        var rows = await Rounds.MeasureAsync(
            [new Quantity($"in batches, {Queued} builds queued (aim: 2,000)", "/s")],
            () => GiveAsync(store, scheduler, cancellationToken),
            () => Task.Run(() => UpdateAll(peer), cancellationToken));
        await stop.CancelAsync();
        await running;
        return rows;
    }

    private static async Task<double[]> GiveAsync(SqliteStore store, Scheduler scheduler, CancellationToken cancellationToken)
    {
        var free = await store.Builders.ListAsync(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var given = await Task.WhenAll(free.Select(builder => scheduler.OfferAsync(builder, cancellationToken)));
        var rate = Builders / Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (given.Any(assignment => assignment is null))
            throw new InvalidOperationException("a builder got nothing");

        // What is no part of the question: the builds end, as many are queued anew, and the builders are clean again.
        var now = TimeProvider.System.GetUtcNow();
        foreach (
            var ended in await store.Builds.TryReplaceAsync(
                [.. given.Select(assignment => assignment!.Build.Ended(BuildState.FailedToBuild, now))], cancellationToken))
            scheduler.Apply(ended!);
        await store.Builders.TryReplaceAsync(
            [.. given.Select(assignment => assignment!.Builder.Made(CleanState.Clean, now))], cancellationToken);
        foreach (var added in await store.Builds.AddAsync([.. Enumerable.Range(0, Builders).Select(New)], cancellationToken))
            scheduler.Apply(added);
        return [rate];
    }

    private static NewBuild New(int number) => new()
    {
        JobType = "PACKAGEBUILD",
        Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE",
        Subject = "hello",
        Owner = $"owner{number % Owners}",
        Processor = "amd64",
        Score = number % 50,
        Specification = new byte[500],
    };

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
