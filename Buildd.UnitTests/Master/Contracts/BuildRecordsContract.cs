using Buildd.Master.Builds;
using Buildd.Protocol;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Contracts;

/// <summary>
/// What every store of builds does. A subclass makes one for each test, on the clock it is given; what it opens more of
/// the same store with <see cref="Reopen"/> is another master's view.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public abstract class BuildRecordsContract
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private protected ManualTimeProvider Time { get; } = new();

    private protected IBuildRecords Records { get; private set; } = null!;

    private IQueuedBuilds Queued => (IQueuedBuilds)Records;

    /// <summary>An empty store, which is both interfaces.</summary>
    private protected abstract IBuildRecords Make();

    /// <summary>The same store, as another process sees it; the same object if it lives in one process only.</summary>
    private protected virtual IBuildRecords Reopen() => Records;

    [SetUp]
    public void MakeStore() => Records = Make();

    [Test]
    public async Task A_build_that_was_added_waits_in_the_queue()
    {
        var build = await AddAsync(New() with { Score = 2505, Processor = "amd64", Resources = ["gpu", "big"], Owner = "anna" });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(build.Id, Is.EqualTo(1));
            Assert.That(build.Revision, Is.GreaterThan(0));
            Assert.That(build.Cookie.ToString(), Is.EqualTo("PACKAGEBUILD-1"));
            Assert.That(build.State, Is.EqualTo(BuildState.NeedsBuild));
            Assert.That(build.Queue, Is.EqualTo(QueueState.Waiting));
            Assert.That(build.Score, Is.EqualTo(2505));
            Assert.That(build.Resources, Is.EqualTo(new[] { "big", "gpu" }));
            Assert.That(build.Created, Is.EqualTo(Time.GetUtcNow()));
        }

        Same(await FindAsync(1), build);
    }

    [Test]
    public async Task Builds_are_numbered_in_the_order_in_which_they_are_added()
    {
        var builds = await Records.AddAsync([New("a"), New("b"), New("c")]);
        var next = await AddAsync(New("d"));

        Assert.That(builds.Select(build => (build.Id, build.Title)), Is.EqualTo(new[] { (1L, "a"), (2L, "b"), (3L, "c") }));
        Assert.That(next.Id, Is.EqualTo(4));
    }

    [Test]
    public async Task A_suspended_build_is_queued_and_not_ready()
    {
        var build = await AddAsync(New() with { Suspended = true });

        Assert.That(build.Queue, Is.EqualTo(QueueState.Suspended));
        Assert.That(build.IsReady(Time.GetUtcNow()), Is.False);
    }

    [Test]
    public async Task Who_adds_with_a_key_that_was_used_gets_the_build_that_it_was_used_for()
    {
        var first = await AddAsync(New("first") with { UniqueKey = "hello/1/amd64" });
        var ended = await ReplaceAsync(first.CancelledBy(Time.GetUtcNow()));

        var again = await Records.AddAsync([New("again") with { UniqueKey = "hello/1/amd64" }, New("other")]);

        Same(again[0], ended);
        Assert.That(again[1].Title, Is.EqualTo("other"));
        Assert.That(await Records.ListAsync(new BuildFilter()), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_key_that_is_twice_in_one_call_adds_once()
    {
        var builds = await Records.AddAsync([New() with { UniqueKey = "k" }, New() with { UniqueKey = "k" }]);

        Assert.That(builds[1].Id, Is.EqualTo(builds[0].Id));
    }

    [Test]
    public async Task The_specification_comes_back_byte_for_byte()
    {
        byte[] bytes = [0, 255, 13, 10, 0x80];
        await Records.AddAsync([New() with { Specification = bytes }, New()]);

        Assert.That((await Reopen().FindSpecificationAsync(1))!.Value.ToArray(), Is.EqualTo(bytes));
        Assert.That((await Reopen().FindSpecificationAsync(2))!.Value.Length, Is.Zero);
        Assert.That(await Reopen().FindSpecificationAsync(3), Is.Null);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(7)]
    [TestCase(long.MaxValue)]
    public async Task A_build_that_is_not_there_is_null(long id)
    {
        await AddAsync(New());

        Assert.That(await FindAsync(id), Is.Null);
    }

    [Test]
    public async Task Every_member_that_can_change_is_stored()
    {
        var build = await AddAsync(New());
        var now = Time.GetUtcNow();
        var changed = build with
        {
            State = BuildState.FailedToUpload,
            Queue = null,
            Score = -7,
            ScoredByHand = true,
            EstimatedDuration = TimeSpan.FromSeconds(1),
            Queued = now + Minute,
            NotBefore = now + (2 * Minute),
            Started = now + (3 * Minute),
            FirstDispatched = now + (4 * Minute),
            Finished = now + (5 * Minute),
            Builder = "bob",
            Attempt = 3,
            Failures = 4,
            GivenBack = 5,
            CancelRequested = now + (6 * Minute),
            Leaf = "20260314-150926-PACKAGEBUILD-1",
            LogName = "buildlog.txt.gz",
            UploadLogName = "upload_1_log.txt",
            Dependencies = "libfoo-dev (>= 1.2) | bar, ünï",
            Reason = "because of\n\"this\"",
            Files =
            [
                new BuildFile("a.deb", long.MaxValue, Sha1.Parse(new string('a', 40)), new string('b', 64)),
                new BuildFile("b", 0, default, ""),
            ],
        };

        var stored = await ReplaceAsync(changed);

        Same(stored, changed with { Revision = stored.Revision });
        Same(await FindAsync(1), stored);
    }

    [Test]
    public async Task A_change_gives_a_higher_revision_than_any_before()
    {
        var builds = await Records.AddAsync([New(), New()]);

        var first = await ReplaceAsync(builds[0].Rescored(1));
        var second = await ReplaceAsync(builds[1].Rescored(1));

        Assert.That(first.Revision, Is.GreaterThan(builds[1].Revision));
        Assert.That(second.Revision, Is.GreaterThan(first.Revision));
    }

    [Test]
    public async Task Who_comes_second_changes_nothing()
    {
        var build = await AddAsync(New());
        var first = await ReplaceAsync(build.Dispatched("bob", Time.GetUtcNow()));

        Assert.That(await Reopen().TryReplaceAsync([build.CancelledBy(Time.GetUtcNow())]), Is.EqualTo(new Build?[] { null }));
        Same(await FindAsync(1), first);
    }

    [Test]
    public async Task A_build_that_cannot_be_stored_keeps_no_other_from_it()
    {
        var builds = await Records.AddAsync([New(), New(), New()]);
        await ReplaceAsync(builds[1].Rescored(1));

        var stored = await Records.TryReplaceAsync([.. builds.Select(build => build.Rescored(9)), builds[0] with { Id = 99 }]);

        Assert.That(stored.Select(build => build?.Score), Is.EqualTo(new int?[] { 9, null, 9, null }));
        Assert.That((await FindAsync(2))!.Score, Is.EqualTo(1));
    }

    [Test]
    public async Task A_builder_has_one_build_at_a_time()
    {
        var builds = await Records.AddAsync([New(), New()]);
        var first = await ReplaceAsync(builds[0].Dispatched("bob", Time.GetUtcNow()));

        Assert.That(await Reopen().TryReplaceAsync([builds[1].Dispatched("bob", Time.GetUtcNow())]), Is.EqualTo(new Build?[] { null }));

        await ReplaceAsync(first.Requeued(Time.GetUtcNow(), null));
        await ReplaceAsync(builds[1].Dispatched("bob", Time.GetUtcNow()));
    }

    [Test]
    public async Task A_build_that_is_being_cancelled_still_has_its_builder()
    {
        var builds = await Records.AddAsync([New(), New()]);
        var first = await ReplaceAsync(builds[0].Dispatched("bob", Time.GetUtcNow()));
        first = await ReplaceAsync(first.CancelledBy(Time.GetUtcNow()));
        Assert.That(await Records.TryReplaceAsync([builds[1].Dispatched("bob", Time.GetUtcNow())]), Is.EqualTo(new Build?[] { null }));

        first = await ReplaceAsync(first.Ended(BuildState.Cancelled, Time.GetUtcNow()));

        Assert.That(first.Builder, Is.EqualTo("bob"));
        await ReplaceAsync(builds[1].Dispatched("bob", Time.GetUtcNow()));
    }

    [Test]
    public async Task Of_two_builds_for_one_builder_in_one_call_one_is_stored()
    {
        var builds = await Records.AddAsync([New(), New()]);

        var stored = await Records.TryReplaceAsync([.. builds.Select(build => build.Dispatched("bob", Time.GetUtcNow()))]);

        Assert.That(stored.Count(build => build is null), Is.EqualTo(1));
    }

    [Test]
    public async Task Of_many_who_want_one_build_one_gets_it()
    {
        var build = await AddAsync(New());
        var others = Enumerable.Range(0, 8).Select(_ => Reopen()).ToList();

        var stored = await Task.WhenAll(others.Select((records, i) =>
            Task.Run(() => records.TryReplaceAsync([build.Dispatched($"builder{i}", Time.GetUtcNow())]))));

        Assert.That(stored.Count(result => result[0] is not null), Is.EqualTo(1));
        Assert.That((await FindAsync(1))!.Attempt, Is.EqualTo(1));
    }

    [Test]
    public async Task A_list_begins_with_the_youngest_and_goes_on_where_it_ended()
    {
        await Records.AddAsync([.. Enumerable.Range(1, 5).Select(i => New($"{i}"))]);

        var first = await Records.ListAsync(new BuildFilter { Count = 2 });
        var second = await Records.ListAsync(new BuildFilter { Count = 2, Before = first[^1].Id });
        var third = await Records.ListAsync(new BuildFilter { Count = 2, Before = second[^1].Id });

        Assert.That(first.Concat(second).Concat(third).Select(build => build.Id), Is.EqualTo(new long[] { 5, 4, 3, 2, 1 }));
    }

    [Test]
    public async Task A_list_has_only_what_fits_the_filter()
    {
        var builds = await Records.AddAsync(
        [
            New("0") with { Owner = "anna", Subject = "hello" }, New("1") with { Processor = "arm64" },
            New("2") with { JobType = "LIVEFSBUILD" }, New("3"), New("4") with { Suspended = true },
        ]);
        await ReplaceAsync(builds[3].Dispatched("bob", Time.GetUtcNow()));

        Assert.That(await TitlesAsync(new BuildFilter { Owner = "anna" }), Is.EqualTo("0"));
        Assert.That(await TitlesAsync(new BuildFilter { Subject = "hello" }), Is.EqualTo("0"));
        Assert.That(await TitlesAsync(new BuildFilter { Processor = "arm64" }), Is.EqualTo("1"));
        Assert.That(await TitlesAsync(new BuildFilter { JobType = "LIVEFSBUILD" }), Is.EqualTo("2"));
        Assert.That(await TitlesAsync(new BuildFilter { Builder = "bob" }), Is.EqualTo("3"));
        Assert.That(await TitlesAsync(new BuildFilter { State = BuildState.Building }), Is.EqualTo("3"));
        Assert.That(await TitlesAsync(new BuildFilter { Queue = QueueState.Suspended }), Is.EqualTo("4"));
        Assert.That(await TitlesAsync(new BuildFilter { Owner = "anna", Processor = "arm64" }), Is.Empty);
        Assert.That(await TitlesAsync(new BuildFilter { Before = 1 }), Is.Empty);
    }

    [Test]
    public async Task The_queue_has_what_waits_and_runs_and_nothing_that_is_over()
    {
        var builds = await Records.AddAsync([New(), New(), New() with { Suspended = true }]);
        await ReplaceAsync(builds[0].Dispatched("bob", Time.GetUtcNow()));
        var cancelled = await ReplaceAsync(builds[1].CancelledBy(Time.GetUtcNow()));

        var queue = await Queued.ReadQueueAsync();

        Assert.That(queue.Builds.Select(build => build.Id), Is.EquivalentTo(new long[] { 1, 3 }));
        Assert.That(queue.Revision, Is.EqualTo(cancelled.Revision));
    }

    [Test]
    public async Task An_empty_queue_has_revision_zero() => Assert.That((await Queued.ReadQueueAsync()).Revision, Is.Zero);

    [Test]
    public async Task Changes_come_once_each_in_order_and_tell_of_builds_that_left_the_queue()
    {
        var builds = await Records.AddAsync([New(), New(), New()]);
        var after = (await Queued.ReadQueueAsync()).Revision;
        Assert.That(await Queued.ReadChangesAsync(after, 10), Is.Empty);
        var one = await ReplaceAsync(builds[0].Rescored(1));
        await ReplaceAsync(one.Rescored(2));
        await ReplaceAsync(builds[2].CancelledBy(Time.GetUtcNow()));
        await AddAsync(New());

        var first = await Queued.ReadChangesAsync(after, 2);
        var rest = await Queued.ReadChangesAsync(first[^1].Revision, 10);

        Assert.That(first.Concat(rest).Select(build => (build.Id, build.Queue)), Is.EqualTo(new[]
        {
            (1L, QueueState.Waiting), (3L, default(QueueState?)), (4L, QueueState.Waiting),
        }));
        Assert.That(first[0].Score, Is.EqualTo(2));
        Assert.That(await Queued.ReadChangesAsync(rest[^1].Revision, 10), Is.Empty);
    }

    [Test]
    public async Task Who_waits_for_a_change_is_woken_by_another_process_that_adds()
    {
        var after = (await Queued.ReadQueueAsync()).Revision;
        var woken = Queued.WaitForChangeAsync(after);

        await Reopen().AddAsync([New()]);

        await woken; // [CancelAfter] ends it when nobody does
        Assert.That(await Queued.ReadChangesAsync(after, 10), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Who_waits_for_a_change_that_was_before_is_not_kept_waiting()
    {
        await AddAsync(New());

        await Queued.WaitForChangeAsync(0);
    }

    [Test]
    public async Task Waiting_for_a_change_ends_when_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var woken = Queued.WaitForChangeAsync((await Queued.ReadQueueAsync()).Revision, stop.Token);

        await stop.CancelAsync();

        Assert.That(async () => await woken, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_call_that_is_cancelled_beforehand_does_nothing()
    {
        var stopped = new CancellationToken(canceled: true);

        Assert.That(async () => await Records.AddAsync([New()], stopped), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await Records.ListAsync(new BuildFilter()), Is.Empty);
    }

    private protected static NewBuild New(string title = "amd64 build of hello 2.10-3") =>
        new() { JobType = "PACKAGEBUILD", Title = title };

    private protected static void Same(Build? found, Build expected)
    {
        Assert.That(found, Is.Not.Null);
        Assert.That(found!.Resources, Is.EqualTo(expected.Resources));
        Assert.That(found.Files, Is.EqualTo(expected.Files));
        Assert.That(found with { Resources = [], Files = [] }, Is.EqualTo(expected with { Resources = [], Files = [] }));
    }

    private protected async Task<Build> AddAsync(NewBuild build) => (await Records.AddAsync([build]))[0];

    private protected async Task<Build> ReplaceAsync(Build build)
    {
        var stored = (await Records.TryReplaceAsync([build]))[0];
        Assert.That(stored, Is.Not.Null, "it was to be stored");
        return stored!;
    }

    private Task<Build?> FindAsync(long id) => Reopen().FindAsync(id);

    private async Task<string> TitlesAsync(BuildFilter filter) =>
        string.Join(' ', (await Records.ListAsync(filter)).Select(build => build.Title));
}
