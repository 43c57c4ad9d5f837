using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
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
        _scheduler = new Scheduler(_builds, _builds, _builders, new FairShareOptions(), _time, NullLogger.Instance)
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
        var builder =
            (await _builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://b/"), Manual = false }, cancellationToken))!;
        for (var i = 0; i < 200; i++)
        {
            await AddAsync();
            var work = (await _scheduler.OfferAsync(builder, CancellationToken.None))!;
            builder = work.Builder;
            _scheduler.Apply(await StoreAsync(work.Build.Ended(BuildState.FailedToBuild, _time.GetUtcNow())));
        }

        var last = (await _builds.ReadChangesAsync(0, 1000, cancellationToken))[^1].Revision;
        await Until.TrueAsync(() => _scheduler.Revision >= last);
        await stop.CancelAsync();
        await running;

        // The feed may see a build for the first time when it has left again; no other change is skipped, and none is told twice.
        Assert.That(_told.Count(change => change.EndsWith(" FAILEDTOBUILD", StringComparison.Ordinal)), Is.EqualTo(200), $"round {round}");
        Assert.That(_told.Count(change => change == "NEEDSBUILD BUILDING"), Is.EqualTo(200));
        Assert.That(_told.Count(change => change == "- NEEDSBUILD"), Is.EqualTo(200));
        Assert.That(_told, Has.Count.EqualTo(600));
    }

    /// <summary>The feed tells of what became of a build while its store has not yet answered to who gave it out.</summary>
    [TestCase(BuildState.Building)]
    [TestCase(BuildState.Cancelled)]
    public async Task A_change_that_the_feed_tells_before_the_store_answers_is_one_from_what_was_stored_before(
        BuildState state, CancellationToken cancellationToken)
    {
        var told = new List<string>();
        var records = Substitute.For<IBuildRecords>();
        Scheduler scheduler = null!;
        records.TryReplaceAsync(default!, default).ReturnsForAnyArgs<Task<IReadOnlyList<Build?>>>(async call =>
        {
            if (state == BuildState.Cancelled)
                await StoreAsync((await _builds.FindAsync(1, cancellationToken))!.Ended(BuildState.Cancelled, _time.GetUtcNow()));
            var stored = await _builds.TryReplaceAsync(call.Arg<IReadOnlyList<Build>>(), cancellationToken);
            await scheduler.CatchUpAsync(cancellationToken);
            return stored;
        });
        scheduler = new Scheduler(records, _builds, _builders, new FairShareOptions(), _time, NullLogger.Instance)
        {
            Changed = (before, build) => told.Add($"{before?.State.ToName() ?? "-"} {build.State.ToName()}"),
        };

        var work = await OfferAsync(scheduler, cancellationToken);

        Assert.That(work?.Build.State, Is.EqualTo(state == BuildState.Building ? state : null));
        Assert.That(told, Is.EqualTo(new[] { $"NEEDSBUILD {state.ToName()}" }));
        Assert.That(scheduler.Find(1)?.State, Is.EqualTo(work?.Build.State));
    }

    [Test]
    public async Task A_dispatch_that_was_stored_though_the_store_failed_is_known_before_its_builder_goes_on(
        CancellationToken cancellationToken)
    {
        var records = Substitute.For<IBuildRecords>();
        records.TryReplaceAsync(default!, default).ReturnsForAnyArgs<Task<IReadOnlyList<Build?>>>(async call =>
        {
            await _builds.TryReplaceAsync(call.Arg<IReadOnlyList<Build>>(), cancellationToken);
            throw new IOException("the answer was lost");
        });
        var feed = Substitute.For<IQueuedBuilds>();
        feed.ReadQueueAsync(default).ReturnsForAnyArgs(_ => _builds.ReadQueueAsync(cancellationToken));
        feed.ReadChangesAsync(0, 0, default)
            .ReturnsForAnyArgs(call => _builds.ReadChangesAsync(call.ArgAt<long>(0), call.ArgAt<int>(1), cancellationToken));
        // it is late
        feed.WaitForChangeAsync(0, default).ReturnsForAnyArgs(call => Task.Delay(Timeout.Infinite, call.Arg<CancellationToken>()));
        var scheduler = new Scheduler(records, feed, _builders, new FairShareOptions(), _time, NullLogger.Instance);

        var work = await OfferAsync(scheduler, cancellationToken);

        Assert.That(work, Is.Null);
        Assert.That(scheduler.OnBuilder("bob")?.State, Is.EqualTo(BuildState.Building));
    }

    [Test]
    public async Task A_thousand_idle_builders_of_another_architecture_hide_no_build(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await _scheduler.LoadAsync(cancellationToken);
        var running = _scheduler.RunAsync(stop.Token);
        var idle = new List<Task>();
        for (var number = 0; number < 1001; number++)
            idle.Add(_scheduler.OfferAsync(await AddBuilderAsync($"amd{number}", "amd64"), stop.Token));
        var offered = _scheduler.OfferAsync(await AddBuilderAsync("arm", "arm64"), CancellationToken.None);
        await _builds.AddAsync(
            [new NewBuild { JobType = "PACKAGEBUILD", Manager = "binarypackage", Title = "a build", Processor = "arm64" }],
            cancellationToken);

        Assert.That((await offered)?.Build.Processor, Is.EqualTo("arm64"));
        await stop.CancelAsync();
        await running;
        Assert.That(idle.Any(task => task.IsCompletedSuccessfully && ((Task<Assignment?>)task).Result is not null), Is.False);
    }

    private async Task<Builder> AddBuilderAsync(string name, string processor) => (await _builders.TryAddAsync(
        new Builder { Name = name, Url = new Uri($"http://{name}/"), Manual = false, Processors = [processor] }))!;

    /// <summary>Offers a builder where one build waits.</summary>
    private async Task<Assignment?> OfferAsync(Scheduler scheduler, CancellationToken cancellationToken)
    {
        await AddAsync();
        await scheduler.LoadAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = scheduler.RunAsync(stop.Token);
        var builder =
            (await _builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://b/"), Manual = false }, cancellationToken))!;
        var work = await scheduler.OfferAsync(builder, CancellationToken.None);
        await stop.CancelAsync();
        await running;
        return work;
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
