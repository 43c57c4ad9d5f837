using Buildd.Farm.Store;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Dapper;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>What a look into every store finds. Nothing is changed by it.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public abstract class StoreViewContract
{
    /// <summary>The store, made when it is opened first.</summary>
    private protected abstract FarmStore Open();

    /// <summary>A look into it.</summary>
    private protected abstract Task<StoreView> ViewAsync();

    /// <summary>Runs statements whose outcome the engine would refuse.</summary>
    private protected abstract Task WithoutKeysAsync(string sql);

    [Test]
    public async Task A_store_that_is_used_is_well()
    {
        var store = await FillAsync();

        await using var view = await ViewAsync();

        Assert.That((view.Name, view.Version, view.Newest), Is.EqualTo((store.Name, Newest, Newest)));
        Assert.That(await view.FindMistakesAsync(), Is.Empty);
        Assert.That(
            await view.CountAsync(),
            Is.SupersetOf(new[] { ("build", 3L), ("builder", 1L), ("chroot", 0L), ("specification", 3L) }));
    }

    [Test]
    public async Task It_sees_one_moment()
    {
        var store = await FillAsync();
        await using var view = await ViewAsync();
        var before = await view.CountAsync();

        await store.Builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "later" }]);

        Assert.That(await view.CountAsync(), Is.EqualTo(before));
    }

    [TestCase("UPDATE build SET queue = NULL WHERE id = 1", "builds are on a builder, and not in the queue: 1")]
    [TestCase("UPDATE build SET state = 1, queue = 0", "builds are over, and in the queue: 1, 2, 3")]
    [TestCase("UPDATE build SET builder = NULL WHERE id = 1", "builds run, and have no builder: 1")]
    [TestCase("UPDATE build SET queue = 0 WHERE id = 1", "builds wait in the queue, and are on a builder by their state: 1")]
    [TestCase("UPDATE build SET state = 0 WHERE id = 1", "builds run in the queue, and wait by their state: 1")]
    [TestCase(
        "UPDATE counter SET value = 0",
        "builders have a revision above the last one that was given, or there is no counter of these: bob")]
    [TestCase("DELETE FROM specification WHERE build = 2", "builds have no specification of what is to be built: 2")]
    [TestCase(
        "DROP INDEX build_by_revision; UPDATE build SET revision = 7 WHERE id > 1", "revisions are those of several builds: 7")]
    [TestCase(
        "DROP INDEX build_on_builder; UPDATE build SET builder = 'bob', queue = 1, state = 6",
        "builders have several builds at a time: bob")]
    public async Task What_contradicts_itself_is_said(string damage, string expected)
    {
        var store = await FillAsync();
        await store.WriteAsync(connection => connection.ExecuteAsync(damage), default);

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Does.Contain(expected));
    }

    [Test]
    public async Task A_row_that_refers_to_none_is_said()
    {
        await FillAsync();
        await WithoutKeysAsync("DELETE FROM build WHERE id = 2");

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Has.One.Contains("not there"));
    }

    [Test]
    public async Task Only_some_of_many_are_named()
    {
        var store = await FillAsync();
        await store.Builds.AddAsync([.. Enumerable.Range(0, 20).Select(_ => new NewBuild { JobType = "PACKAGEBUILD", Title = "more" })]);
        await store.WriteAsync(connection => connection.ExecuteAsync("UPDATE build SET state = 1"), default);

        await using var view = await ViewAsync();

        Assert.That(await view.FindMistakesAsync(), Is.EqualTo(new[] { "builds are over, and in the queue: 1, 2, 3, 4, 5 and 18 more" }));
    }

    private protected abstract int Newest { get; }

    private async Task<FarmStore> FillAsync()
    {
        var store = Open();
        await store.Builds.AddAsync(
            [.. ((string[])["runs", "waits", "is suspended"]).Select(title => new NewBuild { JobType = "PACKAGEBUILD", Title = title })]);
        await store.Builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://bob/") });
        await store.Builds.TryReplaceAsync(
        [
            (await store.Builds.FindAsync(1))!.Dispatched("bob", store.Time.GetUtcNow()),
            (await store.Builds.FindAsync(3))!.Suspended(),
        ]);
        return store;
    }
}
