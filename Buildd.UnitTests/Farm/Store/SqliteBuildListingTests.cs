using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builds;
using Buildd.UnitTests.Master.Contracts;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

public sealed class SqliteBuildListingTests : BuildListingContract, IAsyncDisposable
{
    private static readonly Table<Build> Table = new("build", SqliteDialect.Instance, BuildColumns.All);

    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private protected override IBuildRecords Make() => _bench.Open(Time).Builds;

    /// <summary>All that can be asked for together, 64 filters.</summary>
    private static IEnumerable<BuildFilter> Filters =>
        from state in (BuildState?[])[null, BuildState.Cancelled]
        from owner in (string?[])[null, "anna"]
        from subject in (string?[])[null, "hello"]
        from processor in (string?[])[null, "armhf"]
        from builder in (string?[])[null, "bob"]
        from before in (long?[])[null, 7]
        select new BuildFilter
        {
            State = state,
            Owner = owner,
            Subject = subject,
            Processor = processor,
            Builder = builder,
            Before = before,
        };

    [Test]
    public async Task A_listing_finds_its_builds_and_their_order_by_an_index([Values] bool hasStatistics)
    {
        var store = await OpenAsync(hasStatistics);

        foreach (var filter in Filters)
        {
            var listing = BuildListings.All(filter);
            var plan = await ExplainAsync(store, Table.Select(listing.Index, listing.Rest), listing);
            // Without a filter the youngest are read from the end of the table.
            Assert.That(plan, filter with { Before = null } == new BuildFilter() ? Does.Match("^(SCAN build|SEARCH build USING INTEGER)")
                : Does.StartWith("SEARCH build USING INDEX"), $"{filter}: {plan}");
            Assert.That(plan, Does.Not.Contain("TEMP B-TREE"), $"{filter}");
            if (filter is { State: not null, Subject: null, Builder: null })
                Assert.That(plan, Does.Contain("state=?"), $"{filter}");
        }
    }

    [Test]
    public async Task The_queue_is_read_and_counted_by_an_index_whatever_the_filter([Values] bool hasStatistics)
    {
        var store = await OpenAsync(hasStatistics);

        foreach (var filter in Filters)
        {
            var isOfFew = filter is not { Subject: null, Builder: null }; // of one source, or one builder
            for (var part = 0; part < BuildListings.QueuePartCount; part++)
            {
                var listing = BuildListings.Queue(filter, part, 10);
                var plan = await ExplainAsync(store, Table.Select(listing.Index, listing.Rest), listing);
                Assert.That(plan, Does.StartWith("SEARCH build USING INDEX"), $"{filter}: {plan}");
                if (part > 0 && !isOfFew) // of those that run there are as many as builders
                    Assert.That(plan, Does.Not.Contain("TEMP B-TREE").And.Contain("queue=?"), $"{filter}");
            }

            var count = BuildListings.QueueCount(filter);
            Assert.That(
                await ExplainAsync(store, Table.SelectCount(count.Index, count.Rest), count),
                Does.Match(isOfFew ? "^SEARCH build USING INDEX" : "^SEARCH build USING COVERING INDEX"), $"{filter}");
        }
    }

    [Test]
    public async Task The_whole_queue_is_read_without_looking_at_what_is_over() => Assert.That(
        await ExplainAsync(
            await OpenAsync(hasStatistics: false),
            Table.Select(null, "WHERE queue IS NOT NULL"),
            new SelectStatement(null, "", new Dictionary<string, object?>())),
        Does.StartWith("SEARCH build USING INDEX build_in_queue"));

    /// <summary>A store of which most rows are alike; statistics of it make any index look bad.</summary>
    private async Task<SqliteStore> OpenAsync(bool hasStatistics)
    {
        var store = _bench.Open(Time);
        await store.Builds.AddAsync(
        [
            .. Enumerable.Range(0, 500).Select(_ => new NewBuild
            {
                JobType = "PACKAGEBUILD", Title = "x", Owner = "anna", Subject = "hello", Processor = "amd64",
            }),
        ]);
        if (hasStatistics)
            await store.WriteAsync(connection => connection.ExecuteAsync("ANALYZE build"), default);
        return store;
    }

    private static Task<string> ExplainAsync(SqliteStore store, string sql, SelectStatement listing) => store.ReadAsync(
        async connection => string.Join(
            "; ",
            (await connection.QueryAsync<(long, long, long, string Detail)>(
                $"EXPLAIN QUERY PLAN {sql}", new DynamicParameters(listing.Parameters))).Select(row => row.Detail)),
        default);
}
