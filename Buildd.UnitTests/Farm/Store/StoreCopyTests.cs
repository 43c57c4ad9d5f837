using Buildd.Farm.Store;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>A store of SQLite is copied to PostgreSQL: all of it, or nothing.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class StoreCopyTests : IAsyncDisposable
{
    private readonly StoreBench _from = new();
    private readonly PostgresBench _to = new();

    public async ValueTask DisposeAsync()
    {
        await _from.DisposeAsync();
        await _to.DisposeAsync();
    }

    [Test]
    public async Task Every_record_is_read_as_before()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await FillAsync(source);

        await new StoreCopy(source, target).RunAsync(default);

        await AssertSameAsync(source, target);
        Assert.That((await target.Builds.FindSpecificationAsync(1))!.Value.ToArray(), Is.EqualTo(new byte[] { 0, 255, 13, 10 }));
        var counts = await target.ReadAsync(
            connection => connection.QuerySingleAsync<(long, long)>(
                "SELECT (SELECT count(*) FROM build), (SELECT count(*) FROM specification)"), default);
        Assert.That(counts, Is.EqualTo((3, 3)));
    }

    [Test]
    public async Task Numbers_and_revisions_go_on_where_they_were_also_after_rows_that_are_gone()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await FillAsync(source);
        await source.WriteAsync(connection => connection.ExecuteAsync("DELETE FROM specification WHERE build = 3"), default);
        await source.WriteAsync(connection => connection.ExecuteAsync("DELETE FROM build WHERE id = 3"), default);
        var revisions = (await source.Builders.ListAsync()).Max(builder => builder.Revision);

        await new StoreCopy(source, target).RunAsync(default);

        Assert.That((await target.Builds.AddAsync([New("next")])).Single().Id, Is.EqualTo(4));
        Assert.That(
            (await target.Builders.TryAddAsync(new Builder { Name = "tom", Url = new Uri("http://tom/") }))!.Revision,
            Is.EqualTo(revisions + 1));
    }

    [Test]
    public async Task An_empty_store_is_copied_too()
    {
        var (source, target) = (_from.Open(), _to.Open());

        var copied = await new StoreCopy(source, target).RunAsync(default);

        Assert.That(copied, Does.Contain(("counter", 1L)).And.Contain(("build", 0L)));
        Assert.That((await target.Builds.AddAsync([New("first")])).Single().Id, Is.EqualTo(1));
    }

    [Test]
    public async Task All_tables_are_copied_each_after_those_that_it_refers_to()
    {
        var (source, target) = (_from.Open(), _to.Open());

        var tables = (await new StoreCopy(source, target).RunAsync(default)).Select(copied => copied.Table).ToList();

        Assert.That(tables, Is.EquivalentTo(await source.ReadAsync(
            connection => connection.QueryAsync<string>(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"), default)));
        Assert.That(tables.IndexOf("build"), Is.LessThan(tables.IndexOf("specification")));
    }

    [Test]
    public async Task A_store_in_which_something_was_made_is_refused_and_stays_as_it_is()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await FillAsync(source);
        await target.Builders.TryAddAsync(new Builder { Name = "tom", Url = new Uri("http://tom/") });

        Assert.That(
            async () => await new StoreCopy(source, target).RunAsync(default),
            Throws.TypeOf<StoreException>().With.Message.Contains("is not empty").And.Message.Contains("its table builder"));
        Assert.That(await target.Builds.ListAsync(new BuildFilter()), Is.Empty);
    }

    [Test]
    public async Task A_table_that_only_one_has_is_named()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await source.WriteAsync(connection => connection.ExecuteAsync("CREATE TABLE more (id INTEGER) STRICT"), default);

        Assert.That(
            async () => await new StoreCopy(source, target).RunAsync(default),
            Throws.TypeOf<StoreException>().With.Message.EndsWith("only one has these tables: more."));
    }

    [Test]
    public async Task What_is_called_off_in_the_middle_leaves_nothing_and_can_be_begun_again()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await FillAsync(source);
        await source.Builds.AddAsync([.. Enumerable.Range(0, 2500).Select(number => New($"more {number}"))]);
        using var stop = new CancellationTokenSource();
        var copy = new StoreCopy(source, target) { Progress = (done, _) => Stop(done) };

        Assert.That(async () => await copy.RunAsync(stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await target.Builds.ListAsync(new BuildFilter()), Is.Empty);
        Assert.That(await target.Builders.ListAsync(), Is.Empty);
        await new StoreCopy(source, target).RunAsync(default);
        await AssertSameAsync(source, target);

        void Stop(long done)
        {
            if (done >= 2000)
                stop.Cancel();
        }
    }

    [Test]
    public async Task Whose_server_ends_the_connection_in_the_middle_has_copied_nothing()
    {
        var (source, target) = (_from.Open(), _to.Open());
        await FillAsync(source);
        await source.Builds.AddAsync([.. Enumerable.Range(0, 2500).Select(number => New($"more {number}"))]);
        var copy = new StoreCopy(source, target) { Progress = (_, _) => _to.CutAllAsync().GetAwaiter().GetResult() };

        Assert.That(
            async () => await copy.RunAsync(default), Throws.TypeOf<StoreException>().With.Property("IsTransient").EqualTo(true));
        Assert.That(await target.Builds.ListAsync(new BuildFilter()), Is.Empty);
        Assert.That((await new StoreCopy(source, target).RunAsync(default)).Sum(table => table.Rows), Is.GreaterThan(5000));
    }

    /// <summary>Builds and builders in which all is set, and others in which nothing is.</summary>
    private static async Task FillAsync(SqliteStore store)
    {
        await store.Builds.AddAsync(
            [New("full") with { Specification = (byte[])[0, 255, 13, 10], UniqueKey = "full/1" }, New("plain"), New("")]);
        var full = RecordSamples.Fill(BuildColumns.All, (await store.Builds.FindAsync(1))!);
        await store.Builds.TryReplaceAsync([full]);
        await store.Builds.TryReplaceAsync([(await store.Builds.FindAsync(2))!.Dispatched("bob", store.Time.GetUtcNow())]);
        await store.Builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://bob.example:8221/") });
        await store.Builders.TryAddAsync(
            RecordSamples.Fill(BuilderColumns.All, new Builder { Name = "eve", Url = new Uri("http://eve.example:8221/") }));
        await store.Builders.LeaseAsync("a-master", TimeSpan.FromMinutes(1), most: 1);
        await store.Chroots.SetAsync(new ChrootRecord
        {
            Series = "bookworm",
            ArchTag = "amd64",
            Name = "chroot.tar.gz",
            Sha1 = full.Files[0].Sha1,
            Size = 77,
            Added = store.Time.GetUtcNow(),
        });
    }

    private static NewBuild New(string title) => new()
    {
        JobType = "PACKAGEBUILD",
        Manager = "binarypackage",
        Title = title,
        Owner = title,
        Resources = title.Length == 0 ? [] : ["gpu", "large"],
    };

    private static async Task AssertSameAsync(SqliteStore source, PostgresStore target)
    {
        var (builds, copies) = (await ListAsync(source), await ListAsync(target));
        Assert.That(copies, Has.Count.EqualTo(builds.Count));
        foreach (var (build, copy) in builds.Zip(copies))
            RecordSamples.AssertSame(BuildColumns.All, copy, build);
        var (builders, others) = (await source.Builders.ListAsync(), await target.Builders.ListAsync());
        Assert.That(others, Has.Count.EqualTo(builders.Count));
        foreach (var (builder, copy) in builders.Zip(others))
            RecordSamples.AssertSame(BuilderColumns.All, copy, builder);
        Assert.That(await target.Chroots.ListAsync(), Is.EqualTo(await source.Chroots.ListAsync()));
        foreach (var build in builds)
        {
            Assert.That(
                (await target.Builds.FindSpecificationAsync(build.Id))!.Value.ToArray(),
                Is.EqualTo((await source.Builds.FindSpecificationAsync(build.Id))!.Value.ToArray()));
        }
    }

    private static Task<List<Build>> ListAsync(FarmStore store) => store.ReadAsync(
        connection => new Table<Build>("build", store.Dialect, BuildColumns.All).QueryAsync(connection, "ORDER BY id"), default);
}
