using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Choosing;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class QueueIndexTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    private readonly QueueIndex _plain = new(new FairShareOptions { Enabled = false });
    private long _ids;

    private static Builder Amd64 => new() { Name = "bob", Url = new Uri("http://b/"), Processors = ["amd64", "i386"] };

    [Test]
    public void The_highest_score_is_first_and_of_equal_ones_the_oldest()
    {
        Add(_plain, "a", score: 5);
        Add(_plain, "b", score: 9);
        Add(_plain, "c", score: 9, owner: "other");
        Add(_plain, "d", score: -1);

        Assert.That(Pick(_plain, 9), Is.EqualTo("b c a d"));
        Assert.That(Pick(_plain, 2), Is.EqualTo("b c"));
    }

    [Test]
    public void A_flood_of_equal_builds_is_given_out_in_order_without_fair_shares()
    {
        for (var i = 0; i < 20; i++)
            Add(_plain, $"{i}", owner: i % 2 == 0 ? "even" : "odd");

        Assert.That(Pick(_plain, 20), Is.EqualTo(string.Join(' ', Enumerable.Range(0, 20))));
    }

    private static readonly TestCaseData[] Fits =
    [
        new(null, false, "", "", "", true),
        new("amd64", false, "", "", "", true),
        new("i386", false, "", "", "", true),
        new("arm64", false, "", "", "", false),
        new("amd64", true, "", "", "", false),
        new("amd64", false, "gpu", "", "", false),
        new("amd64", false, "gpu", "gpu big", "", true),
        new("amd64", false, "gpu", "", "gpu", true),
        new("amd64", false, "gpu big", "big", "gpu", true),
        new("amd64", false, "", "", "gpu", false),
        new("amd64", false, "big", "big", "gpu", false),
        new("amd64", false, "gpu", "", "gpu secret", false),
    ];

    [TestCaseSource(nameof(Fits))]
    public void A_builder_gets_what_it_can_and_may_build(
        string? processor, bool virtualized, string asks, string open, string restricted, bool fits)
    {
        Add(_plain, "x", change: build => build with { Processor = processor, Virtualized = virtualized, Resources = Words(asks) });
        var builder = Amd64 with { OpenResources = Words(open), RestrictedResources = Words(restricted) };

        Assert.That(_plain.Pick(builder, 1, Start), Has.Count.EqualTo(fits ? 1 : 0));
    }

    [Test]
    public void A_builder_gets_nothing_that_it_has_turned_out_unable_to_build()
    {
        Add(_plain, "x");

        Assert.That(_plain.Pick(Amd64 with { UnableTo = ["binarypackage"] }, 1, Start), Is.Empty);
        Assert.That(_plain.Pick(Amd64 with { UnableTo = ["livefs"] }, 1, Start), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_build_that_was_put_back_comes_when_it_is_due()
    {
        Add(_plain, "late", change: build => build with { NotBefore = Start.AddMinutes(5) });
        Assert.That(Pick(_plain, 1), Is.Empty);
        Assert.That(_plain.NextDue, Is.EqualTo(Start.AddMinutes(5)));

        _plain.Promote(Start.AddMinutes(5));

        Assert.That(Pick(_plain, 1), Is.EqualTo("late"));
        Assert.That(_plain.NextDue, Is.Null);
    }

    [TestCase(-86400)]
    [TestCase(86400)]
    public void When_the_clock_is_set_a_build_that_was_put_back_waits_as_long_as_before(int seconds)
    {
        var step = TimeSpan.FromSeconds(seconds);
        Add(_plain, "late", change: build => build with { NotBefore = Start.AddMinutes(5) });

        _plain.Shift(step);

        _plain.Promote(Start + step + TimeSpan.FromMinutes(4));
        Assert.That(_plain.Pick(Amd64, 1, Start), Is.Empty);
        _plain.Promote(Start + step + TimeSpan.FromMinutes(5));
        Assert.That(_plain.Pick(Amd64, 1, Start), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_build_that_was_put_back_for_longer_than_can_be_comes_earlier()
    {
        var late = Add(_plain, "late", then: build => build with { NotBefore = Start.AddDays(1) });
        var index = new QueueIndex(new FairShareOptions());

        index.Apply(late, Start, TimeSpan.FromMinutes(5));

        Assert.That(index.NextDue, Is.EqualTo(Start.AddMinutes(5)));
    }

    [Test]
    public void What_is_suspended_or_has_left_is_not_given_out()
    {
        var build = Add(_plain, "x");
        _plain.Apply(build.Suspended() with { Revision = 100 }, Start);
        Assert.That(Pick(_plain, 1), Is.Empty);
        _plain.Apply(build with { Revision = 101 }, Start);
        Assert.That(Pick(_plain, 1), Is.EqualTo("x"));
        _plain.Apply(build.CancelledBy(Start) with { Revision = 102 }, Start);
        Assert.That((Pick(_plain, 1), _plain.Count), Is.EqualTo(("", 0)));
    }

    [Test]
    public void Old_news_change_nothing()
    {
        var build = Add(_plain, "x");
        _plain.Apply(build.Rescored(7) with { Revision = 100 }, Start);

        Assert.That(_plain.Apply(build, Start).IsNews, Is.False);
        Assert.That(_plain.Find(build.Id)!.Score, Is.EqualTo(7));
    }

    [Test]
    public void A_flood_of_one_owner_shares_with_another()
    {
        var index = new QueueIndex(new FairShareOptions());
        for (var i = 0; i < 100; i++)
            Add(index, $"flood{i}", owner: "flood");
        for (var i = 0; i < 3; i++)
            Add(index, $"small{i}", owner: "small");

        Assert.That(Pick(index, 6).Split(' '), Is.EqualTo(new[] { "flood0", "small0", "flood1", "small1", "flood2", "small2" }));
    }

    [Test]
    public void Running_builds_count_against_their_owner_and_less_for_one_with_more_weight()
    {
        var index = new QueueIndex(new FairShareOptions { Weights = new Dictionary<string, double> { ["big"] = 4 } });
        foreach (var owner in new[] { "big", "small" })
        {
            for (var i = 0; i < 2; i++)
                index.Apply(Add(index, $"{owner}-runs", owner).Dispatched($"{owner}{i}", Start) with { Revision = 1000 + ++_ids }, Start);
            Add(index, owner, owner);
        }

        Assert.That(Pick(index, 2), Is.EqualTo("big small"));
    }

    [Test]
    public void An_owner_that_gets_nothing_rises_above_any_score()
    {
        var index = new QueueIndex(new FairShareOptions());
        Add(index, "poor", owner: "poor", score: -95);
        var now = Start;
        var given = 0;
        for (; ; given++, now += TimeSpan.FromMinutes(1))
        {
            Add(index, $"rich{given}", owner: "rich", score: 5500);
            var build = index.Pick(Amd64, 1, now)[0];
            if (build.Title == "poor")
                break;
            index.Apply(build.Dispatched("bob", now) with { Revision = 10_000 + given }, now);
            index.Apply(index.Find(build.Id)!.Ended(BuildState.FailedToBuild, now) with { Revision = 20_000 + given }, now);
            Assert.That(given, Is.LessThan(2000));
        }

        Assert.That(given, Is.EqualTo(560).Within(3), "5595 points at 10 a minute");
    }

    [Test]
    public void A_position_is_counted_among_those_that_want_the_same()
    {
        Add(_plain, "first", score: 9);
        Add(_plain, "arm", score: 10, change: build => build with { Processor = "arm64" });
        var second = Add(_plain, "second");
        var third = Add(_plain, "third");

        Assert.That(_plain.Position(second, Start), Is.EqualTo(2));
        Assert.That(_plain.Position(third, Start), Is.EqualTo(3));
        Assert.That(_plain.Position(third.Suspended(), Start), Is.Null);
    }

    [Test]
    public void A_hundred_thousand_builds_of_a_thousand_owners_are_given_out_each_once_and_best_first()
    {
        var index = new QueueIndex(new FairShareOptions());
        for (var i = 0; i < 100_000; i++)
            Add(index, "x", owner: $"owner{i % 1000}", score: i % 7);
        var seen = new HashSet<long>();
        for (var round = 0; round < 20; round++)
        {
            var picked = index.Pick(Amd64, 500, Start);
            foreach (var build in picked)
                index.Apply(build.Dispatched($"b{build.Id}", Start) with { Revision = build.Revision + 1_000_000 }, Start);
            seen.UnionWith(picked.Select(build => build.Id));
        }

        Assert.That(seen, Has.Count.EqualTo(10_000));
    }

    [Test]
    public void After_a_restart_it_has_what_is_there_whatever_was_known_before()
    {
        var (lost, back, gone) = (Add(_plain, "lost"), Add(_plain, "back"), Add(_plain, "gone"));
        _plain.Apply(lost.Dispatched("bob", Start) with { Revision = 8 }, Start);
        _plain.Apply(back.Ended(BuildState.Cancelled, Start) with { Revision = 9 }, Start);
        var taken = gone.Dispatched("eve", Start);
        _plain.Take(gone, taken, Start);
        _plain.Reach(9);

        _plain.Restart(new QueueSnapshot([lost, back], 3), Start);

        Assert.That(Pick(_plain, 9), Is.EqualTo("lost back"));
        Assert.That((_plain.Count, _plain.Waiting, _plain.Running.Count), Is.EqualTo((2, 2, 0)));
        Assert.That(_plain.Settle(taken, stored: null, Start), Is.False);
        Assert.That(_plain.Apply(back with { Score = 5, Revision = 4 }, Start).IsNews, Is.True);
        Assert.That(Pick(_plain, 9), Is.EqualTo("back lost"));
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Pick(QueueIndex index, int most) => string.Join(' ', index.Pick(Amd64, most, Start).Select(build => build.Title));

    private Build Add(
        QueueIndex index, string title, string owner = "", int score = 0, Func<NewBuild, NewBuild>? change = null, Func<Build,
        Build>? then = null)
    {
        var added = new NewBuild { JobType = "PACKAGEBUILD", Title = title, Owner = owner, Score = score, Processor = "amd64" };
        var build = (change?.Invoke(added) ?? added).ToBuild(++_ids, _ids, Start);
        build = then?.Invoke(build) ?? build;
        index.Apply(build, Start);
        return build;
    }

    private void Add(QueueIndex index, string title, Func<Build, Build> change) => Add(index, title, then: change);
}
