using System.Diagnostics;
using Buildd.Benchmarks.Harness;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;
using Buildd.Testing.Databases;
using Dapper;

namespace Buildd.Benchmarks;

/// <summary>A farm has worked for years: what does a page of a listing take, in PostgreSQL and in SQLite?</summary>
/// <remarks>
/// Both have the same builds: a store of SQLite is made and copied, as people do it. What counts is the time of a call, which on a machine
/// that does nothing else is the processor time of program and server. The copy itself is the last row, in rows a second.
/// </remarks>
/// <param name="builds">Returns how many builds are over; a tenth as many wait, 100,000 at the most.</param>
internal sealed class Listings(Func<int> builds) : IBenchmark
{
    /// <summary>Seconds that a page may take.</summary>
    private const double MaxSeconds = 0.010;

    private const int PageSize = 50;
    private const int Calls = 40;

    private static readonly (string What, BuildFilter Filter)[] Pages =
    [
        ("the latest", new BuildFilter()),
        ("the latest of an owner", new BuildFilter { Owner = "owner3" }),
        ("the latest of a state", new BuildFilter { State = BuildState.Cancelled }),
        ("the latest of an owner in a state", new BuildFilter { Owner = "owner7", State = BuildState.FailedToBuild }),
        ("the latest of an architecture", new BuildFilter { Processor = "i386" }),
        ("all of a source, by name", new BuildFilter { Subject = "source7" }),
        ("a page from the middle", new BuildFilter { Before = 5000 }),
    ];

    public string Question => $"What does a page of {PageSize} builds take with {builds()} builds, in PostgreSQL and in SQLite?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        await GrownStore.MakeAsync(folder, builds(), cancellationToken);
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions { Settings = ["max_wal_size=8GB"] });
        await using var sqlite = await SqliteStore.OpenAsync(
            Path.Combine(folder, "state", "farm.sqlite"), cancellationToken: cancellationToken);
        await using var postgres = await PostgresStore.OpenAsync(server.ConnectionString, cancellationToken: cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var copied = await new StoreCopy(sqlite, postgres).RunAsync(cancellationToken);
        var rate = copied.Sum(table => table.Rows) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await postgres.WriteAsync(connection => connection.ExecuteAsync("ANALYZE build", commandTimeout: 0), cancellationToken);
        var rows = new List<Row>();
        foreach (var (what, filter) in Pages)
        {
            var page = filter with { Count = PageSize };
            rows.AddRange(await Rounds.MeasureAsync(
                [new Quantity($"{what}, {builds():#,0} builds", "s") { IsCost = true, Limit = MaxSeconds }],
                () => TimeAsync(postgres, page, cancellationToken),
                () => TimeAsync(sqlite, page, cancellationToken)));
        }

        rows.Add(new Row(new Quantity("rows copied from SQLite to PostgreSQL", "/s"), [rate], []));
        return rows;
    }

    private static async Task<double[]> TimeAsync(FarmStore store, BuildFilter page, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Calls; i++)
            await store.Builds.ListAsync(page, cancellationToken);
        return [Stopwatch.GetElapsedTime(start).TotalSeconds / Calls];
    }
}
