using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Testing.Databases;
using Buildd.Testing.Runs;
using Dapper;
using Npgsql;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>Connections to PostgreSQL are lost: what was said to be stored is, once, and the next call goes well.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class PostgresFailureTests : IAsyncDisposable
{
    private readonly PostgresBench _bench = new();
    private readonly PostgresProxy _proxy = new(PostgresForTests.Server);
    private readonly List<PostgresStore> _stores = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        await _proxy.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Test]
    public async Task A_write_that_is_cut_in_the_middle_has_stored_nothing_and_the_next_goes_well()
    {
        var store = await OpenAsync();
        await AddAsync(store, "before");
        _proxy.CutAt("INSERT INTO specification", CutMoment.Before);

        Assert.That(
            async () => await AddAsync(store, "cut"), Throws.TypeOf<StoreException>().With.Property("IsTransient").EqualTo(true));

        await AddAsync(store, "after");
        Assert.That((_proxy.Cuts, await TitlesAsync()), Is.EqualTo((1, "before after")));
    }

    [Test]
    public async Task A_commit_that_never_came_has_stored_nothing()
    {
        var store = await OpenAsync();
        _proxy.CutAt(PostgresProxy.Commit, CutMoment.Before);

        Assert.That(
            async () => await AddAsync(store, "cut"), Throws.TypeOf<StoreException>().With.Property("IsTransient").EqualTo(true));

        await AddAsync(store, "after");
        Assert.That((_proxy.Cuts, await TitlesAsync()), Is.EqualTo((1, "after")));
    }

    [Test]
    public async Task A_commit_whose_answer_was_lost_has_gone_well()
    {
        var store = await OpenAsync();
        _proxy.CutAt(PostgresProxy.Commit, CutMoment.AfterReply);

        await AddAsync(store, "cut");

        await AddAsync(store, "after");
        Assert.That((_proxy.Cuts, await TitlesAsync()), Is.EqualTo((1, "cut after")));
    }

    [Test]
    public async Task What_was_said_of_a_commit_that_was_cut_on_its_way_is_true()
    {
        var store = await OpenAsync();
        var stored = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            _proxy.CutAt(PostgresProxy.Commit, CutMoment.Sent);
            try
            {
                await AddAsync(store, $"{i}");
                stored.Add($"{i}");
            }
            catch (StoreException exception) when (exception.IsTransient)
            {
                // it says that nothing was stored
            }
        }

        Assert.That((_proxy.Cuts, await TitlesAsync()), Is.EqualTo((10, string.Join(' ', stored))));
    }

    [Test]
    public async Task Connections_that_were_cut_while_nobody_used_them_trouble_no_write()
    {
        var store = await OpenAsync();
        await AddAsync(store, "before");

        await _bench.CutAllAsync();

        await AddAsync(store, "after");
        Assert.That(await TitlesAsync(), Is.EqualTo("before after"));
    }

    [Test]
    public async Task Who_waits_for_changes_finds_them_also_after_its_connection_was_cut()
    {
        var store = await OpenAsync();
        var other = _bench.Open();
        var waiting = store.Builds.WaitForChangeAsync(0);
        await ListeningAsync();
        _proxy.CutAll();

        await other.Builds.AddAsync([New("elsewhere")]);
        await UntilOverAsync(() => waiting);
        waiting = store.Builds.WaitForChangeAsync(1);
        await ListeningAsync();
        await other.Builds.AddAsync([New("elsewhere")]);
        await waiting;

        async Task UntilOverAsync(Func<Task> wait)
        {
            try
            {
                await wait();
            }
            catch (StoreException exception) when (exception.IsTransient)
            {
                await store.Builds.WaitForChangeAsync(0); // as whoever follows the queue does
            }
        }
    }

    [Test]
    public async Task A_server_that_takes_no_writes_is_read_and_a_write_is_said_to_be_tried_again()
    {
        await AddAsync(_bench.Open(), "before");
        var store = await OpenAsync("Options=-c default_transaction_read_only=on");

        Assert.That((await store.Builds.ListAsync(new BuildFilter())).Single().Title, Is.EqualTo("before"));
        Assert.That(
            async () => await AddAsync(store, "cut"),
            Throws.TypeOf<StoreException>().With.Property("IsTransient").EqualTo(true).And.Message.Contains(" is read-only: "));
    }

    [Test]
    public async Task A_store_that_is_behind_what_was_known_says_so()
    {
        var store = await OpenAsync();
        await AddAsync(store, "one");

        Assert.That(async () => await store.Builds.WaitForChangeAsync(7), Throws.TypeOf<RecordsRewoundException>());
    }

    [Test]
    public async Task A_thousand_builders_need_no_more_connections_than_one()
    {
        var store = await OpenAsync();
        await store.Builders.LeaseAsync("a-master", TimeSpan.FromMinutes(1));
        var waiting = store.Builds.WaitForChangeAsync(0);
        var most = 0L;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; await Task.Delay(5))
                most = Math.Max(most, await CountConnectionsAsync());
        });

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(async number =>
        {
            await store.Builders.TryAddAsync(new Builder { Name = $"builder{number}", Url = new Uri("http://bob/") });
            await store.Builders.FindAsync($"builder{number}");
        }));

        await AddAsync(store, "one");
        await waiting;
        await stop.CancelAsync();
        await watching;
        Assert.That(most, Is.InRange(2, PostgresSource.MaxConnections));
        Assert.That(await store.Builders.ListAsync(), Has.Count.EqualTo(1000));
    }

    [Test]
    public async Task Two_stores_never_hand_out_one_build_twice()
    {
        var stores = new[] { await OpenAsync(), _bench.Open() };
        var builds = await stores[0].Builds.AddAsync([.. Enumerable.Range(0, 200).Select(number => New($"{number}"))]);
        var now = TimeProvider.System.GetUtcNow();

        // Both want all, in batches and one by one, for builders of their own.
        var given = await Task.WhenAll(stores.Select(async (store, own) =>
        {
            var taken = new List<Build>();
            foreach (var batch in builds.Chunk(20))
            {
                var wanted = batch.Select(build => build.Dispatched($"builder{own}-{build.Id}", now)).ToList();
                taken.AddRange((await store.Builds.TryReplaceAsync(wanted)).OfType<Build>());
            }

            return taken;
        }));

        Assert.That(given.SelectMany(taken => taken).Select(build => build.Id), Is.EquivalentTo(builds.Select(build => build.Id)));
        var stored = await stores[0].Builds.ReadChangesAsync(0, 1000);
        Assert.That(
            stored.Select(build => (build.Id, build.Builder, build.Revision)),
            Is.EqualTo(given.SelectMany(taken => taken).OrderBy(build => build.Revision)
                .Select(build => (build.Id, build.Builder, build.Revision))));
    }

    [Test]
    public async Task Whoever_follows_changes_misses_none_of_several_writers()
    {
        var stores = new[] { await OpenAsync(), _bench.Open(), _bench.Open() };
        using var stop = new CancellationTokenSource();
        var seen = new List<long>();
        var following = Task.Run(async () =>
        {
            for (var after = 0L; seen.Count < 300;)
            {
                await stores[0].Builds.WaitForChangeAsync(after, stop.Token);
                foreach (var build in await stores[0].Builds.ReadChangesAsync(after, 1000, stop.Token))
                {
                    seen.Add(build.Id);
                    after = build.Revision;
                }
            }
        });

        await Task.WhenAll(stores.Select(async store =>
        {
            for (var i = 0; i < 100; i++)
                await AddAsync(store, $"{i}");
        }));

        await following;
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(1, 300)));
    }

    private static NewBuild New(string title) => new() { JobType = "PACKAGEBUILD", Title = title };

    private static Task<IReadOnlyList<Build>> AddAsync(PostgresStore store, string title) => store.Builds.AddAsync([New(title)]);

    private async Task<PostgresStore> OpenAsync(string more = "")
    {
        var store = await PostgresStore.OpenAsync(
            $"{_proxy.ConnectionString};Search Path={_bench.Schema};Application Name={_bench.Schema};{more}");
        _stores.Add(store);
        return store;
    }

    /// <summary>What is stored, by another connection.</summary>
    private async Task<string> TitlesAsync() => string.Join(
        ' ', (await _bench.Open().Builds.ListAsync(new BuildFilter())).Select(build => build.Title).Reverse());

    private async Task<long> CountConnectionsAsync()
    {
        await using var connection = new NpgsqlConnection(PostgresForTests.Server.ConnectionString);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = @Schema", new { _bench.Schema });
    }

    /// <summary>Waits until a connection listens: what is committed before is found without it.</summary>
    private Task ListeningAsync() => Until.TrueAsync(async () =>
    {
        await using var connection = new NpgsqlConnection(PostgresForTests.Server.ConnectionString);
        return await connection.ExecuteScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = @Schema AND query LIKE 'LISTEN%')",
            new { _bench.Schema });
    });
}
