using Buildd.Master.Builders;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Contracts;

/// <summary>What every store of builders does; see <see cref="BuildRecordsContract"/>.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public abstract class BuilderRecordsContract
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private protected ManualTimeProvider Time { get; } = new();

    private protected IBuilderRecords Records { get; private set; } = null!;

    /// <summary>An empty store. Its leases go by <see cref="Time"/>.</summary>
    private protected abstract IBuilderRecords Make();

    /// <summary>The same store, as another process sees it; the same object if it lives in one process only.</summary>
    private protected virtual IBuilderRecords Reopen() => Records;

    [SetUp]
    public void MakeStore() => Records = Make();

    [Test]
    public async Task Every_member_is_stored()
    {
        var builder = New("bob") with
        {
            Processors = ["amd64", "i386"],
            Virtualized = true,
            VmHost = "host7",
            VmResetProtocol = VmResetProtocol.Triggered,
            InService = false,
            FailNotes = "it \"broke\"\nagain, ünï",
            Manual = false,
            Failures = 3,
            Version = "1.2",
            Clean = CleanState.Cleaning,
            CleanChanged = Time.GetUtcNow(),
            OpenResources = ["big", "gpu"],
            RestrictedResources = ["secret"],
            UnableTo = ["livefs"],
        };

        var added = await Records.TryAddAsync(builder);

        Same(added, builder with { Revision = added!.Revision });
        Same(await Reopen().FindAsync("bob"), added);
        Same(await ReplaceAsync(New("bob") with { Revision = added.Revision }), New("bob"), ignoreRevision: true);
        Same(await Reopen().FindAsync("bob"), New("bob"), ignoreRevision: true);
    }

    [Test]
    public async Task A_name_is_given_once()
    {
        await AddAsync("bob");

        Assert.That(await Reopen().TryAddAsync(New("bob")), Is.Null);
        Assert.That(await Records.ListAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Builders_are_listed_by_name_whatever_their_case()
    {
        foreach (var name in new[] { "b", "a", "B", "a1" })
            await AddAsync(name);

        Assert.That((await Reopen().ListAsync()).Select(builder => builder.Name), Is.EqualTo(new[] { "B", "a", "a1", "b" }));
    }

    [Test]
    public async Task A_builder_that_was_removed_is_gone()
    {
        var builder = await AddAsync("bob");

        Assert.That(await Records.RemoveAsync("bob"), Is.True);
        Assert.That(await Records.RemoveAsync("bob"), Is.False);
        Assert.That(await Reopen().FindAsync("bob"), Is.Null);
        Assert.That(await Records.TryReplaceAsync([builder]), Is.EqualTo(new Builder?[] { null }));
    }

    [Test]
    public async Task A_builder_that_is_added_again_does_not_take_what_was_for_the_old_one()
    {
        var old = await AddAsync("bob");
        await Records.RemoveAsync("bob");
        await AddAsync("bob");

        Assert.That(await Records.TryReplaceAsync([old]), Is.EqualTo(new Builder?[] { null }));
    }

    [Test]
    public async Task Who_comes_second_changes_nothing_and_keeps_no_other_from_it()
    {
        var (bob, eve) = (await AddAsync("bob"), await AddAsync("eve"));
        await ReplaceAsync(bob with { Failures = 1 });

        var stored = await Reopen().TryReplaceAsync([bob with { Failures = 2 }, eve with { Failures = 2 }]);

        Assert.That(stored.Select(builder => builder?.Failures), Is.EqualTo(new int?[] { null, 2 }));
        Assert.That((await Records.FindAsync("bob"))!.Failures, Is.EqualTo(1));
    }

    [Test]
    public async Task A_master_leases_what_is_free_and_no_other_gets_it()
    {
        await AddAsync("bob");
        await AddAsync("eve");

        var own = await Records.LeaseAsync("one", Minute, most: 1);
        var others = await Reopen().LeaseAsync("two", Minute);

        Assert.That(own.Select(builder => (builder.Name, builder.LeaseOwner, builder.LeaseExpires)),
            Is.EqualTo(new[] { ("bob", "one", (DateTimeOffset?)(Time.GetUtcNow() + Minute)) }));
        Assert.That(others.Select(builder => builder.Name), Is.EqualTo(new[] { "eve" }));
    }

    [Test]
    public async Task A_lease_of_a_clock_that_was_set_back_is_none()
    {
        await AddAsync("bob");
        await Records.LeaseAsync("ahead", TimeSpan.FromDays(1));

        var taken = await Reopen().LeaseAsync("two", Minute);

        Assert.That(taken.Select(builder => builder.Name), Is.EqualTo(new[] { "bob" }), "a minute's lease never ends tomorrow");
        Assert.That(await Records.LeaseAsync("three", Minute), Is.Empty);
    }

    [TestCase(3600)]
    [TestCase(-3600)]
    [TestCase(-50)]
    public async Task A_clock_that_is_set_takes_no_builder_from_a_master_that_lives(int seconds)
    {
        await AddAsync("bob");
        var others = Reopen();
        await Records.LeaseAsync("one", Minute);
        Time.Set(TimeSpan.FromSeconds(seconds));

        for (var i = 0; i < 20; i++)
        {
            Assert.That(await others.LeaseAsync("two", Minute), Is.Empty, $"{i}");
            Time.Advance(Minute / 4);
            Assert.That(await Records.LeaseAsync("one", Minute), Has.Count.EqualTo(1), $"{i}");
        }
    }

    [TestCase(3600)]
    [TestCase(-3600)]
    [TestCase(-50)]
    public async Task However_the_clock_is_set_a_dead_master_s_builder_is_free_after_three_durations(int seconds)
    {
        await AddAsync("bob");
        var others = Reopen();
        await Records.LeaseAsync("one", Minute);
        Time.Set(TimeSpan.FromSeconds(seconds));

        var quarters = 0;
        while ((await others.LeaseAsync("two", Minute)).Count == 0)
        {
            Assert.That(++quarters, Is.LessThanOrEqualTo(12));
            Time.Advance(Minute / 4);
        }
    }

    [Test]
    public async Task Renewing_a_lease_changes_no_revision_and_storing_a_builder_no_lease()
    {
        await AddAsync("bob");
        var first = (await Records.LeaseAsync("one", Minute))[0];
        Time.Advance(Minute / 2);

        var second = (await Records.LeaseAsync("one", Minute))[0];
        var stored = await ReplaceAsync(first with { Failures = 1, LeaseOwner = null, LeaseExpires = null });

        Assert.That(second.Revision, Is.EqualTo(first.Revision));
        Assert.That(second.LeaseExpires, Is.EqualTo(Time.GetUtcNow() + Minute));
        Assert.That((stored.LeaseOwner, stored.LeaseExpires), Is.EqualTo(("one", second.LeaseExpires)));
    }

    [Test]
    public async Task A_lease_that_has_run_out_is_taken_and_its_former_owner_can_store_nothing()
    {
        await AddAsync("bob");
        var former = (await Records.LeaseAsync("one", Minute))[0];
        Time.Advance(Minute);

        var taken = (await Reopen().LeaseAsync("two", Minute))[0];

        Assert.That(taken.LeaseOwner, Is.EqualTo("two"));
        Assert.That(await Records.TryReplaceAsync([former with { Failures = 1 }]), Is.EqualTo(new Builder?[] { null }));
        Assert.That(await Records.LeaseAsync("one", Minute), Is.Empty);
    }

    [Test]
    public async Task A_lease_that_has_run_out_and_that_nobody_took_is_renewed()
    {
        await AddAsync("bob");
        await Records.LeaseAsync("one", Minute);
        Time.Advance(2 * Minute);

        Assert.That(await Records.LeaseAsync("one", Minute), Has.Count.EqualTo(1));
        Assert.That(await Reopen().LeaseAsync("two", Minute), Is.Empty);
    }

    [Test]
    public async Task A_lease_that_is_given_back_is_free_at_once()
    {
        await AddAsync("bob");
        await Records.LeaseAsync("one", Minute);

        await Records.ReleaseAsync("one");

        Assert.That((await Records.FindAsync("bob"))!.LeaseOwner, Is.Null);
        Assert.That(await Reopen().LeaseAsync("two", Minute), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Of_many_masters_one_gets_a_builder()
    {
        await AddAsync("bob");
        var others = Enumerable.Range(0, 8).Select(_ => Reopen()).ToList();

        var leased = await Task.WhenAll(others.Select((records, i) => Task.Run(() => records.LeaseAsync($"master{i}", Minute))));

        Assert.That(leased.Sum(builders => builders.Count), Is.EqualTo(1));
    }

    [Test]
    public void A_call_that_is_cancelled_beforehand_does_nothing()
    {
        var stopped = new CancellationToken(canceled: true);

        Assert.That(async () => await Records.TryAddAsync(New("bob"), stopped), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await Records.ListAsync(), Is.Empty);
    }

    private static Builder New(string name) => new() { Name = name, Url = new Uri("http://builder.example:8221/") };

    private static void Same(Builder? found, Builder expected, bool ignoreRevision = false)
    {
        Assert.That(found, Is.Not.Null);
        Assert.That(found!.Processors, Is.EqualTo(expected.Processors));
        Assert.That(found.OpenResources, Is.EqualTo(expected.OpenResources));
        Assert.That(found.RestrictedResources, Is.EqualTo(expected.RestrictedResources));
        Assert.That(found.UnableTo, Is.EqualTo(expected.UnableTo));
        Assert.That(Bare(found), Is.EqualTo(Bare(expected)));

        Builder Bare(Builder builder) => builder with
        {
            Processors = [],
            OpenResources = [],
            RestrictedResources = [],
            UnableTo = [],
            Revision = ignoreRevision ? 0 : builder.Revision,
        };
    }

    private async Task<Builder> AddAsync(string name) => (await Records.TryAddAsync(New(name)))!;

    private async Task<Builder> ReplaceAsync(Builder builder)
    {
        var stored = (await Records.TryReplaceAsync([builder]))[0];
        Assert.That(stored, Is.Not.Null, "it was to be stored");
        return stored!;
    }
}
