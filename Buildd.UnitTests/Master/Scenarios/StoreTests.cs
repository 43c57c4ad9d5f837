using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Several masters, stores that fail, and a master that ends between any two writes.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class StoreTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_store_that_fails_for_a_while_costs_nothing_and_blames_nobody(bool isMistake)
    {
        var store = new FailingBuilds(_farm.Builds) { IsMistaken = isMistake };
        _farm.Between = _ => store;
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        store.Fails = true;
        slave.End(BuildStatus.Ok, ("a.deb", "a"));
        await _farm.PassAsync(TimeSpan.FromMinutes(10));
        store.Fails = false;

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That((build.Attempt, build.Failures, (await _farm.FindAsync("bob")).Failures), Is.EqualTo((1, 0, 0)));
        Assert.That(_farm.Leaves("incoming"), Has.Count.EqualTo(1));
        Assert.That(_farm.Log.Any(line => line.Contains("A mistake in the program", StringComparison.Ordinal)), Is.EqualTo(isMistake));
    }

    /// <summary>The writes of a good build are the dispatch, GATHERING and UPLOADING.</summary>
    [TestCase(0, false)]
    [TestCase(0, true)]
    [TestCase(1, false)]
    [TestCase(1, true)]
    [TestCase(2, false)]
    [TestCase(2, true)]
    public async Task A_master_that_ends_at_a_write_leaves_one_outcome_and_one_upload(int writes, bool written)
    {
        var store = new FailingBuilds(_farm.Builds) { FailsAfter = writes, Writes = written };
        _farm.Between = _ => store;
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.Ok, ("a.deb", "a"), ("b.deb", "b"));
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => store.HasFailed);
        // The next master, of another name; the former can write nothing any more, and its leases run out.
        var former = _farm.Master;
        _farm.Options = _farm.Options with { Name = "next" };
        _farm.Between = records => records;
        await _farm.HandToNextAsync(former);

        build = await _farm.UntilAsync(build, BuildState.Uploading);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        Assert.That(_farm.Leaves("incoming"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(_farm.Leaves("grabbing"), Is.Empty);
        Assert.That(build.Files.Select(file => file.Name), Is.EqualTo(new[] { "a.deb", "b.deb" }));
        Assert.That(slave.CountStarting("build "), Is.EqualTo(1), "it was built once");
    }

    [Test]
    public async Task A_builder_whose_build_the_store_did_not_tell_of_is_not_cleaned_and_nobody_is_blamed()
    {
        var store = new FailingBuilds(_farm.Builds) { FailsAfter = 0, FailsOnce = true, Writes = true };
        _farm.Between = _ => store;
        _farm.BetweenQueue = queue => new SilentQueue(queue);
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.Ok, ("a.deb", "a"));
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(async () =>
        {
            _farm.Time.Advance(TimeSpan.FromSeconds(1)); // who waits to try the store again is not quiet
            return (build = await _farm.FindAsync(build)).State == BuildState.Uploading;
        });

        Assert.That((build.Failures, (await _farm.FindAsync("bob")).Failures), Is.EqualTo((0, 0)));
        Assert.That(slave.CountStarting("build "), Is.EqualTo(1));
    }

    [Test]
    public async Task Two_masters_share_builders_and_builds_and_none_is_built_twice()
    {
        var slaves = new List<SocketSlave>();
        for (var i = 0; i < 4; i++)
        {
            var slave = await _farm.AddAsync($"b{i}");
            slave.OnBuild = _ => slave.End(BuildStatus.PackageFail);
            slaves.Add(slave);
        }

        var builds = new List<Build>();
        for (var i = 0; i < 40; i++)
            builds.Add(await _farm.QueueAsync());
        _farm.Options = _farm.Options with { MaxBuilders = 2 };
        _farm.Start();
        await using var second = _farm.MakeSecond("second");
        using var stop = new CancellationTokenSource();
        var running = second.RunAsync(stop.Token);

        foreach (var build in builds)
            await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(
            (await _farm.Builders.ListAsync()).GroupBy(builder => builder.LeaseOwner)
                .Select(group => group.Count()), Is.EqualTo(new[] { 2, 2 }));
        Assert.That(slaves.Sum(slave => slave.CountStarting("build ")), Is.EqualTo(40));
        await stop.CancelAsync();
        await running;
        Assert.That(
            (await _farm.Builders.ListAsync())
                .Count(builder => builder.LeaseOwner is null), Is.EqualTo(2), "who stops gives its leases back");
    }

    [Test]
    public async Task Uploads_that_were_not_processed_are_told_again_at_the_next_start()
    {
        var build = await _farm.QueueAsync();
        var uploading = build.Dispatched("gone", _farm.Now).GatheringInto("20260314-150926-PACKAGEBUILD-1").HandedOver([], _farm.Now);
        await _farm.Builds.TryReplaceAsync([uploading]);
        Directory.CreateDirectory(Path.Combine(_farm.Root, "incoming", uploading.Leaf!));
        _farm.Start();

        await _farm.UntilAsync(() => !_farm.Landed.IsEmpty);

        Assert.That(_farm.Landed.Single().Folder, Is.EqualTo(Path.Combine(_farm.Root, "incoming", uploading.Leaf!)));
    }

    [Test]
    public async Task Why_a_build_waits_is_one_sentence_a_place_and_a_time()
    {
        Assert.That((await SentenceAsync(99)), Is.EqualTo("There is no build 99."));
        var slave = await _farm.AddAsync("bob");
        for (var i = 0; i < 3; i++)
            await _farm.QueueAsync(build => build with { EstimatedDuration = TimeSpan.FromMinutes(10) });
        await _farm.QueueAsync(build => build with { Processor = "riscv64" });
        await _farm.QueueAsync(build => build with { Suspended = true });
        await _farm.QueueAsync(build => build with { Resources = ["gpu"] });
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building && _farm.Master.IsQuiet);

        var third = await _farm.Master.WhyWaitingAsync(3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await SentenceAsync(1), Does.StartWith("It does not wait: bob has it since "));
            Assert.That(third.Sentence, Is.EqualTo("It is number 2 in line for 1 builders, which all have work."));
            Assert.That(third.Position, Is.EqualTo(2));
            Assert.That(third.EstimatedStart - _farm.Now, Is.EqualTo(TimeSpan.FromMinutes(20)).Within(TimeSpan.FromMinutes(1)));
            Assert.That(
                await SentenceAsync(4), Is.EqualTo(
                    "No builder can build it: it needs a builder with riscv64 for binarypackage, and bob has no processor riscv64."));
            Assert.That(await SentenceAsync(5), Is.EqualTo("It is suspended."));
            Assert.That(await SentenceAsync(6), Does.EndWith("and bob has no gpu."));
        }
    }

    [Test]
    public async Task Who_listens_too_slowly_is_told_how_much_is_missing()
    {
        _farm.Make();
        var events = _farm.Master.Events().GetAsyncEnumerator();
        for (var i = 0; i < 5000; i++)
            await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        // What was queued before the start is no event: change it.
        foreach (var build in (await _farm.Builds.ReadQueueAsync()).Builds)
            await _farm.Builds.TryReplaceAsync([build.Rescored(1)]);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet && _farm.Master.KnownRevision >= 10_000);

        Assert.That(await events.MoveNextAsync(), Is.True);

        Assert.That(events.Current, Is.TypeOf<EventsMissed>());
        Assert.That(((EventsMissed)events.Current).Count, Is.EqualTo(5000 - 4096));
    }

    private async Task<string> SentenceAsync(long id)
    {
        if (_farm.Master is null)
            _farm.Make();
        return (await _farm.Master!.WhyWaitingAsync(id)).Sentence;
    }

    /// <summary>A store that can't be reached for writing from some moment on; before that moment its last write may get through.</summary>
    private sealed class FailingBuilds(InMemoryBuilds builds) : IBuildRecords
    {
        private int _count;

        public volatile bool Fails;

        /// <summary>How many writes work.</summary>
        public int FailsAfter { get; init; } = int.MaxValue;

        /// <summary>Whether it works again after one failure.</summary>
        public bool FailsOnce { get; init; }

        /// <summary>Whether the write that fails first was carried out all the same.</summary>
        public bool Writes { get; init; }

        /// <summary>Whether it fails by a mistake in its code.</summary>
        public bool IsMistaken { get; init; }

        public bool HasFailed { get; private set; }

        public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> added, CancellationToken cancellationToken = default) =>
            builds.AddAsync(added, cancellationToken);

        public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default) => builds.FindAsync(id, cancellationToken);

        public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default) =>
            builds.FindSpecificationAsync(id, cancellationToken);

        public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default) =>
            builds.ListAsync(filter, cancellationToken);

        public async Task<IReadOnlyList<Build?>> TryReplaceAsync(
            IReadOnlyList<Build> changed, CancellationToken cancellationToken = default)
        {
            if (Fails || (Interlocked.Increment(ref _count) > FailsAfter && !(FailsOnce && HasFailed)))
            {
                if (!Fails && Writes && !HasFailed)
                    await builds.TryReplaceAsync(changed, cancellationToken);
                HasFailed = true;
                throw IsMistaken ? new InvalidOperationException("a mistake") : new RecordsException("the store can't be reached");
            }

            return await builds.TryReplaceAsync(changed, cancellationToken);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task The_queue_is_read_once_at_a_start(bool hasLeftovers)
    {
        var queue = new SilentQueue(_farm.Builds);
        _farm.BetweenQueue = _ => queue;
        var build = await _farm.QueueAsync();
        _farm.Make();
        if (hasLeftovers)
            Directory.CreateDirectory(Path.Combine(_farm.Root, "grabbing", "20260314-120000-PACKAGEBUILD-77"));

        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromSeconds(1));

        Assert.That(queue.Readings, Is.EqualTo(1));
        Assert.That(_farm.Master.Loaded.IsCompletedSuccessfully);
        Assert.That(_farm.Leaves("grabbing"), Is.Empty);
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.NeedsBuild));
    }

    /// <summary>A queue that never tells of changes by itself.</summary>
    private sealed class SilentQueue(IQueuedBuilds queue) : IQueuedBuilds
    {
        /// <summary>The number of times that all of it was read.</summary>
        public int Readings { get; private set; }

        public Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default)
        {
            Readings++;
            return queue.ReadQueueAsync(cancellationToken);
        }

        public Task<QueueListing> ListQueueAsync(BuildFilter filter, CancellationToken cancellationToken = default) =>
            queue.ListQueueAsync(filter, cancellationToken);

        public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default) =>
            queue.ReadChangesAsync(after, most, cancellationToken);

        public Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default) =>
            Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
