using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Choosing;

/// <summary>What is stored here is read once more from the store's feed, sooner or later than it is taken note of.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SchedulerTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _told = [];
    private readonly InMemoryBuilds _builds;
    private readonly InMemoryBuilders _builders;
    private readonly Scheduler _scheduler;

    public SchedulerTests()
    {
        (_builds, _builders) = (new InMemoryBuilds(_time), new InMemoryBuilders(_time));
        _scheduler = new Scheduler(_builds, _builds, _builders, new MasterOptions { Root = "/nowhere" }, _time, NullLogger.Instance)
        {
            Changed = (before, build) => _told.Add($"{before?.State.ToName() ?? "-"} {build.State.ToName()}"),
        };
    }

    [Test]
    public async Task An_end_that_was_stored_here_is_told_once_though_the_feed_has_it_too()
    {
        var build = await DispatchedAsync();
        _scheduler.Apply(await StoreAsync(build.Ended(BuildState.FailedToBuild, _time.GetUtcNow())));

        await _scheduler.CatchUpAsync(default);

        Assert.That(_told, Is.EqualTo(new[] { "- NEEDSBUILD", "NEEDSBUILD BUILDING", "BUILDING FAILEDTOBUILD" }));
    }

    [Test]
    public async Task An_older_record_that_was_read_before_does_not_bring_a_build_back_that_has_left()
    {
        var build = await DispatchedAsync();
        var read = await _builds.ReadChangesAsync(0, 10); // and applied too late
        _scheduler.Apply(await StoreAsync(build.Ended(BuildState.FailedToBuild, _time.GetUtcNow())));
        _told.Clear();

        _scheduler.Apply(read[0]);

        Assert.That(_scheduler.OnBuilder("bob"), Is.Null);
        Assert.That(_told, Is.Empty);
    }

    [Test]
    public async Task What_was_read_long_ago_is_no_news_and_a_retry_is()
    {
        var build = await DispatchedAsync();
        var ended = await StoreAsync(build.Ended(BuildState.FailedToBuild, _time.GetUtcNow()));
        await _scheduler.CatchUpAsync(default);
        _told.Clear();

        _scheduler.Apply(ended);
        Assert.That(_told, Is.Empty);
        _scheduler.Apply(await StoreAsync(ended.Retried(_time.GetUtcNow())));

        Assert.That(_told, Is.EqualTo(new[] { "- NEEDSBUILD" }));
        Assert.That(_scheduler.Find(build.Id), Is.Not.Null);
    }

    [Test]
    public async Task Loading_again_tells_of_what_has_left_meanwhile()
    {
        var build = await DispatchedAsync();
        await StoreAsync(build.Ended(BuildState.FailedToBuild, _time.GetUtcNow()));

        await _scheduler.LoadAsync(default);

        Assert.That(_told[^1], Is.EqualTo("BUILDING FAILEDTOBUILD"));
        Assert.That(_scheduler.Queued(), Is.Empty);
    }

    [Test]
    public async Task Each_change_is_told_once_and_in_order_while_the_feed_runs_beside(
        [Values(1, 2, 3, 4, 5)] int round, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await _scheduler.LoadAsync(cancellationToken);
        var running = _scheduler.RunAsync(stop.Token);
        var builder = (await _builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://b/"), Manual = false }, cancellationToken))!;
        for (var i = 0; i < 200; i++)
        {
            await AddAsync();
            var work = (await _scheduler.OfferAsync(builder, CancellationToken.None))!;
            builder = work.Builder;
            _scheduler.Apply(await StoreAsync(work.Build.Ended(BuildState.FailedToBuild, _time.GetUtcNow())));
        }

        var last = (await _builds.ReadChangesAsync(0, 1000, cancellationToken))[^1].Revision;
        while (_scheduler.Revision < last)
            await Task.Delay(1, cancellationToken);
        await stop.CancelAsync();
        await running;

        // The feed may see a build for the first time when it has left again; no other change is skipped, and none is told twice.
        Assert.That(_told.Count(change => change.EndsWith(" FAILEDTOBUILD", StringComparison.Ordinal)), Is.EqualTo(200), $"round {round}");
        Assert.That(_told.Count(change => change == "NEEDSBUILD BUILDING"), Is.EqualTo(200));
        Assert.That(_told.Count(change => change == "- NEEDSBUILD"), Is.EqualTo(200));
        Assert.That(_told, Has.Count.EqualTo(600));
    }

    private async Task<Build> AddAsync() =>
        (await _builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Manager = "binarypackage", Title = "a build" }]))[0];

    /// <summary>A build that is on a builder, which is known here.</summary>
    private async Task<Build> DispatchedAsync()
    {
        await _scheduler.LoadAsync(default);
        var build = await AddAsync();
        await _scheduler.CatchUpAsync(default);
        build = await StoreAsync(build.Dispatched("bob", _time.GetUtcNow()));
        _scheduler.Apply(build);
        return build;
    }

    private async Task<Build> StoreAsync(Build build) => (await _builds.TryReplaceAsync([build]))[0]!;
}
