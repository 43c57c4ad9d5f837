using Buildd.Farm.Store;
using Buildd.Farm.Store.Sqlite;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Testing.Files;
using Dapper;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>What can befall a store that is a file: others have it open, it is damaged, its disk is full.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SqliteStoreTests : IAsyncDisposable
{
    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Test]
    public async Task A_store_that_was_closed_comes_back_with_everything()
    {
        var store = _bench.Open();
        await AddAsync(store, 3);
        await store.DisposeAsync();

        store = _bench.Open();

        Assert.That(await store.Builds.ListAsync(new BuildFilter()), Has.Count.EqualTo(3));
        Assert.That((await AddAsync(store, 1))[0].Id, Is.EqualTo(4));
    }

    [Test]
    public async Task The_journal_is_written_ahead_and_flushed_at_each_commit()
    {
        var store = _bench.Open();

        Assert.That(
            await store.WriteAsync(
                connection =>
                    connection.ExecuteScalarAsync<string>("SELECT upper(journal_mode) FROM pragma_journal_mode"), default),
                Is.EqualTo("WAL"));
        Assert.That(
            await store.WriteAsync(
                connection => connection.ExecuteScalarAsync<int>("SELECT synchronous FROM pragma_synchronous"), default),
                Is.EqualTo(2), "FULL");
    }

    [Test]
    public async Task Nobody_else_may_read_the_files()
    {
        await AddAsync(_bench.Open(), 1);

        foreach (var path in new[] { _bench.Path, _bench.Path + "-wal", _bench.Path + "-shm" })
            Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), path);
    }

    [Test]
    public async Task Many_may_make_one_store_at_the_same_time([Range(1, 10)] int round)
    {
        _ = round; // they rarely meet between two looks at the file
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _bench.Open())));

        var ids = (await Task.WhenAll(stores.Select(store => AddAsync(store, 20)))).SelectMany(builds => builds).Select(build => build.Id);

        Assert.That(ids.Order(), Is.EqualTo(Enumerable.Range(1, 160)));
    }

    [Test]
    public async Task Writes_that_share_a_transaction_do_not_share_their_failure()
    {
        var store = _bench.Open();
        using var gate = new ManualResetEventSlim();
        // While it runs, the others gather behind it.
        var first = store.WriteAsync(_ => Task.FromResult(gate.Wait(TimeSpan.FromSeconds(30))), default);

        var good = Enumerable.Range(0, 5).Select(_ => AddAsync(store, 1)).ToList();
        var bad = store.WriteAsync(connection => connection.ExecuteAsync("INSERT INTO nonsense VALUES (1)"), default);
        var more = Enumerable.Range(0, 5).Select(_ => AddAsync(store, 1)).ToList();
        gate.Set();

        Assert.That(async () => await bad, Throws.TypeOf<StoreException>().With.Message.Contains("nonsense"));
        await first;
        Assert.That((await Task.WhenAll(good.Concat(more))).Select(builds => builds[0].Id).Order(), Is.EqualTo(Enumerable.Range(1, 10)));
    }

    [Test]
    public async Task A_write_that_was_given_up_while_it_waited_is_not_done()
    {
        var store = _bench.Open();
        using var gate = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        var first = store.WriteAsync(_ => Task.FromResult(gate.Wait(TimeSpan.FromSeconds(30))), default);
        var second = store.Builds.AddAsync([New()], stop.Token);

        await stop.CancelAsync();
        gate.Set();
        await first;

        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await store.Builds.ListAsync(new BuildFilter()), Is.Empty);
    }

    [Test]
    public async Task A_read_sees_one_moment_and_does_not_wait_for_who_writes()
    {
        var store = _bench.Open();
        await AddAsync(store, 1);
        await using var other = await OtherConnection.OpenAsync(_bench.Path);
        await other.RunAsync("BEGIN IMMEDIATE");
        await other.RunAsync("UPDATE build SET score = 7");

        Assert.That((await store.Builds.FindAsync(1))!.Score, Is.Zero);
    }

    [Test]
    public async Task Another_process_that_does_not_let_go_is_an_error_that_says_so_and_may_pass()
    {
        await AddAsync(_bench.Open(), 1);
        await using var store = await SqliteStore.OpenAsync(_bench.Path, busyTimeout: TimeSpan.FromMilliseconds(50));
        await using (var other = await OtherConnection.OpenAsync(_bench.Path))
        {
            await other.RunAsync("BEGIN IMMEDIATE");
            Assert.That(async () => await AddAsync(store, 1),
                Throws.TypeOf<StoreException>().With.Message.Contains("busy").And.Property(nameof(StoreException.IsTransient)).True);
        }

        Assert.That((await AddAsync(store, 1))[0].Id, Is.EqualTo(2));
    }

    [Test]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        await File.WriteAllTextAsync(_bench.Path, string.Concat(Enumerable.Repeat("this is no database\n", 1000)));
        var before = await File.ReadAllBytesAsync(_bench.Path);

        AssertRefused("is damaged, or is no store");
        Assert.That(await File.ReadAllBytesAsync(_bench.Path), Is.EqualTo(before));
    }

    [Test]
    public async Task A_database_of_something_else_is_refused_and_left_alone()
    {
        await using (var other = await OtherConnection.OpenAsync(_bench.Path))
            await other.RunAsync("CREATE TABLE theirs (a)");

        AssertRefused("is a database of something else");
    }

    [Test]
    public async Task A_store_of_a_newer_program_is_refused_and_left_alone()
    {
        await _bench.Open().DisposeAsync();
        await using (var other = await OtherConnection.OpenAsync(_bench.Path))
            await other.RunAsync("PRAGMA user_version = 999");

        AssertRefused("has the schema 999");
    }

    [Test]
    public async Task A_damaged_page_is_an_error_that_says_so_and_no_crash()
    {
        var store = _bench.Open();
        await AddAsync(store, 200);
        await store.DisposeAsync();
        await using (var file = new FileStream(_bench.Path, FileMode.Open, FileAccess.Write))
        {
            file.Position = 4096; // all but the first page, with the schema
            await file.WriteAsync(Enumerable.Repeat((byte)0xAA, (int)file.Length - 4096).ToArray());
        }

        store = _bench.Open();

        Assert.That(
            async () =>
                await store.Builds.ListAsync(new BuildFilter()), Throws.TypeOf<StoreException>().With.Message.Contains("is damaged"));
        Assert.That(async () => await AddAsync(store, 1), Throws.TypeOf<StoreException>().With.Message.Contains("is damaged"));
    }

    [Test]
    public async Task A_folder_that_cannot_be_made_is_refused()
    {
        await File.WriteAllTextAsync(_bench.Path, "");

        Assert.That(async () => await SqliteStore.OpenAsync(Path.Combine(_bench.Path, "below", "farm.sqlite")),
            Throws.TypeOf<StoreException>().With.Message.Contains("can't be made"));
    }

    [Test]
    public async Task A_disk_that_is_read_only_is_an_error_that_says_so()
    {
        await using var disk = await SmallFileSystem.MountAsync(4 << 20);
        var path = disk["farm.sqlite"];
        await using (var store = await SqliteStore.OpenAsync(path))
            await AddAsync(store, 1);
        await ProcessRunner.CaptureAsync(Command.Of("mount", "-o", "remount,ro", disk.Path));

        Assert.That(async () => await UseAsync(path), Throws.TypeOf<StoreException>().With.Message.Contains("read-only"));

        static async Task UseAsync(string path)
        {
            await using var store = await SqliteStore.OpenAsync(path);
            await AddAsync(store, 1);
        }
    }

    [Test]
    public async Task A_disk_that_fills_up_loses_nothing_that_was_stored_and_changes_nothing_else()
    {
        await using var disk = await SmallFileSystem.MountAsync(2 << 20);
        await using var store = await SqliteStore.OpenAsync(disk["farm.sqlite"]);
        var stored = 0;
        async Task FillAsync()
        {
            for (; stored < 100_000; stored++)
                await store.Builds.AddAsync([New() with { Specification = new byte[10_000] }]);
        }

        Assert.That(FillAsync, Throws.TypeOf<StoreException>().With.Message.Contains("is full"));
        Assert.That(await store.Builds.ListAsync(new BuildFilter { Count = BuildFilter.MaxCount }), Has.Count.EqualTo(stored));

        await ProcessRunner.CaptureAsync(Command.Of("mount", "-o", "remount,size=8m", disk.Path));
        Assert.That((await AddAsync(store, 1))[0].Id, Is.EqualTo(stored + 1));
        Assert.That(
            await store.WriteAsync(
                connection => connection.ExecuteScalarAsync<string>("SELECT * FROM pragma_integrity_check"), default), Is.EqualTo("ok"));
    }

    [Test]
    public async Task A_store_that_was_closed_refuses_what_comes_after()
    {
        var store = _bench.Open();
        await store.DisposeAsync();

        Assert.That(async () => await AddAsync(store, 1), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await store.Builds.FindAsync(1), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Migrations_are_numbered_without_a_gap() =>
        Assert.That(
            Migration.Read("sqlite")
                .Select(migration => migration.Number), Is.EqualTo(Enumerable.Range(1, Migration.Read("sqlite").Count)));

    private static NewBuild New() => new() { JobType = "PACKAGEBUILD", Title = "a build" };

    private static Task<IReadOnlyList<Build>> AddAsync(SqliteStore store, int count) =>
        store.Builds.AddAsync([.. Enumerable.Range(0, count).Select(_ => New())]);

    private void AssertRefused(string because) =>
        Assert.That(
            () => _bench.Open(), Throws.TypeOf<StoreException>().With.Message.Contains(because)
                .And.Property(nameof(StoreException.IsTransient)).False);

    /// <summary>What another program does with the file.</summary>
    private sealed class OtherConnection(SqliteConnection connection) : IAsyncDisposable
    {
        internal static async Task<OtherConnection> OpenAsync(string path)
        {
            SqliteLibrary.Require();
            var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            await connection.OpenAsync();
            return new OtherConnection(connection);
        }

        internal Task<int> RunAsync(string sql) => Task.FromResult(connection.Execute(sql));

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
