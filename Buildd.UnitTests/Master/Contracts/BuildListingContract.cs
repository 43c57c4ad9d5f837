using Buildd.Master.Builds;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Contracts;

/// <summary>The listing of the queue for people, of every store.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public abstract class BuildListingContract
{
    private protected ManualTimeProvider Time { get; } = new();

    private IBuildRecords Records { get; set; } = null!;

    /// <summary>An empty store, which is both interfaces.</summary>
    private protected abstract IBuildRecords Make();

    [SetUp]
    public void MakeStore() => Records = Make();

    [Test]
    public async Task The_queue_begins_with_what_runs_and_ends_with_what_is_suspended_each_by_score_and_age()
    {
        await AddAsync(
            New("waits"), New("waits, 5") with { Score = 5 }, New("suspended, 9") with { Score = 9, Suspended = true }, New("runs"),
            New("stops, 2") with { Score = 2 }, New("over"), New("waits, 5 too") with { Score = 5 }, New("runs, 1") with { Score = 1 });
        await ChangeAsync(4, build => build.Dispatched("bob", Time.GetUtcNow()));
        await ChangeAsync(5, build => build.Dispatched("eve", Time.GetUtcNow()).CancelledBy(Time.GetUtcNow()));
        await ChangeAsync(6, build => build.CancelledBy(Time.GetUtcNow()));
        await ChangeAsync(8, build => build.Dispatched("ivy", Time.GetUtcNow()));

        Assert.That(await ListAsync(new BuildFilter()), Is.EqualTo((
            (string[])["stops, 2", "runs, 1", "runs", "waits, 5", "waits, 5 too", "waits", "suspended, 9"], 7L)));
    }

    [TestCase(1, "runs")]
    [TestCase(2, "runs", "second")]
    [TestCase(3, "runs", "second", "first")]
    [TestCase(4, "runs", "second", "first", "suspended")]
    [TestCase(5, "runs", "second", "first", "suspended")]
    public async Task As_many_are_listed_as_are_wanted_and_all_are_counted(int count, params string[] expected)
    {
        await AddAsync(
            New("suspended") with { Suspended = true }, New("first"), New("second") with { Score = 1 }, New("runs"), New("over"));
        await ChangeAsync(4, build => build.Dispatched("bob", Time.GetUtcNow()));
        await ChangeAsync(5, build => build.CancelledBy(Time.GetUtcNow()));

        Assert.That(await ListAsync(new BuildFilter { Count = count }), Is.EqualTo((expected, 4L)));
    }

    [Test]
    public async Task Only_what_fits_the_filter_is_listed_and_counted()
    {
        await AddAsync(
            New("0") with { Owner = "anna", Subject = "hello" }, New("1") with { Processor = "arm64", Owner = "anna" },
            New("2") with { JobType = "LIVEFSBUILD" }, New("3"), New("4") with { Suspended = true, Processor = "arm64" },
            New("5") with { Owner = "anna", Subject = "hello" });
        await ChangeAsync(4, build => build.Dispatched("bob", Time.GetUtcNow()));
        await ChangeAsync(6, build => build.CancelledBy(Time.GetUtcNow()));

        async Task AssertAsync(BuildFilter filter, params string[] titles) =>
            Assert.That(
                await ListAsync(filter with { Count = 1 }), Is.EqualTo((titles.Take(1).ToArray(), (long)titles.Length)), $"{filter}");

        await AssertAsync(new BuildFilter { Owner = "anna" }, "0", "1");
        await AssertAsync(new BuildFilter { Subject = "hello" }, "0");
        await AssertAsync(new BuildFilter { Processor = "arm64" }, "1", "4");
        await AssertAsync(new BuildFilter { JobType = "LIVEFSBUILD" }, "2");
        await AssertAsync(new BuildFilter { Builder = "bob" }, "3");
        await AssertAsync(new BuildFilter { State = BuildState.Building }, "3");
        await AssertAsync(new BuildFilter { State = BuildState.Cancelled });
        await AssertAsync(new BuildFilter { State = BuildState.NeedsBuild, Processor = "arm64" }, "1", "4");
        await AssertAsync(new BuildFilter { Queue = QueueState.Suspended }, "4");
        await AssertAsync(new BuildFilter { Owner = "anna", Processor = "arm64" }, "1");
        await AssertAsync(new BuildFilter { Owner = "anna", Builder = "bob" });
        await AssertAsync(new BuildFilter { Before = 2 }, "0");
    }

    [Test]
    public async Task An_empty_queue_has_nothing() =>
        Assert.That(await ListAsync(new BuildFilter()), Is.EqualTo((Array.Empty<string>(), 0L)));

    private static NewBuild New(string title) => new() { JobType = "PACKAGEBUILD", Title = title };

    private async Task AddAsync(params NewBuild[] builds) => await Records.AddAsync(builds);

    private async Task ChangeAsync(long id, Func<Build, Build> change) => await Records.ChangeAsync(id, change);

    private async Task<(string[] Titles, long Count)> ListAsync(BuildFilter filter)
    {
        var listing = await ((IQueuedBuilds)Records).ListQueueAsync(filter);
        return ([.. listing.Builds.Select(build => build.Title)], listing.Count);
    }
}
