using System.Globalization;
using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;
using Dapper;

namespace Buildd.Benchmarks.Harness;

/// <summary>A farm that has worked for years: a store with builds that are over and builds that wait, and its configuration.</summary>
internal static class GrownStore
{
    /// <summary>The most builds that wait.</summary>
    internal const int MaxWaiting = 100_000;

    /// <summary>The number of builds of one source, all of which a listing of it finds.</summary>
    internal const int BuildsPerSource = 10;

    /// <summary>Makes one.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="finished">How many builds are over. A tenth as many wait, up to <see cref="MaxWaiting"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The path of the configuration.</returns>
    internal static async Task<string> MakeAsync(string folder, int finished, CancellationToken cancellationToken)
    {
        var configuration = Path.Combine(folder, "buildd.conf");
        await File.WriteAllTextAsync(configuration, "State: state\nListen: 127.0.0.1:0\nSeries: bookworm\n", cancellationToken);
        await using var store = await SqliteStore.OpenAsync(
            Path.Combine(folder, "state", "farm.sqlite"), cancellationToken: cancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        // Two rows are made by the library, and the others are copies of them.
        var pair = await store.Builds.AddAsync([New("over"), New("waits")], cancellationToken);
        var over = pair[0].Dispatched("builder0", now).Ended(BuildState.FailedToBuild, now) with { LogName = "buildlog.txt.gz" };
        await store.Builds.TryReplaceAsync([over], cancellationToken);
        await CopyAsync(store, pair[0].Id, finished, """CASE i % 20 WHEN 7 THEN 2 WHEN 11 THEN 10 ELSE 1 END""", "NULL");
        await CopyAsync(store, pair[1].Id, Math.Min(finished / 10, MaxWaiting), "0", "0");
        return configuration;
    }

    /// <summary>A build, as a distribution has them.</summary>
    internal static NewBuild New(string title) => new()
    {
        JobType = "PACKAGEBUILD",
        Manager = "binarypackage",
        Title = title,
        Subject = "source0",
        Owner = "owner0",
        Processor = "amd64",
        Specification = new byte[500],
    };

    private static Task<int> CopyAsync(SqliteStore store, long id, int count, string state, string queue)
    {
        string[] made = ["id", "revision", "subject", "owner", "processor", "state", "queue", "score", "builder", "unique_key"];
        var copied = string.Join(", ", BuildColumns.All.Select(column => column.Name).Except(made));
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO build (revision, subject, owner, processor, state, queue, score, builder, {copied})
            SELECT (SELECT max(revision) FROM build) + i, 'source' || (i / {BuildsPerSource}), 'owner' || (i % 20),
                CASE i % 4 WHEN 0 THEN 'arm64' WHEN 1 THEN 'i386' ELSE 'amd64' END, {state}, {queue}, i % 50,
                CASE WHEN {queue} IS NULL THEN 'builder' || (i % 200) END, {copied}
            FROM n, build WHERE id = {id}
            """);
        return store.WriteAsync(connection => connection.ExecuteAsync(sql), CancellationToken.None);
    }
}
