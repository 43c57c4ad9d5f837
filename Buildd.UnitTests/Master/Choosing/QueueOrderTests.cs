using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Choosing;

/// <summary>The order in which builds are given out, compared with one that is worked out anew each time; and what it costs.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class QueueOrderTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    private static readonly Builder Bob = new() { Name = "bob", Url = new Uri("http://b/"), Processors = ["amd64", "i386"] };

    private readonly FairShareOptions _options = new() { Weights = new Dictionary<string, double> { ["owner0"] = 3, ["owner1"] = 0.5 } };
    private readonly Dictionary<long, Build> _builds = [];
    private readonly Dictionary<string, DateTimeOffset> _served = [];
    private long _revision;

    [Test]
    public void It_is_that_of_the_rules_whatever_has_happened_before([Range(1, 20)] int seed, [Values] bool isFair)
    {
        var random = new Random(seed);
        var options = _options with { Enabled = isFair };
        var index = new QueueIndex(options);
        var now = Start;
        for (var step = 0; step < 150; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(300));
            Change(random, index, now);
            index.Promote(now);
            var most = random.Next(1, 12);

            Assert.That(index.Pick(Bob, most, now).Select(build => build.Id), Is.EqualTo(Expected(options, most, now)), $"step {step}");
        }
    }

    [Test]
    public void The_amounts_are_those_of_what_is_ready([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        var index = new QueueIndex(_options);
        var now = Start;
        for (var step = 0; step < 200; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(300));
            Change(random, index, now);
            index.Promote(now);

            foreach (var group in _builds.Values.GroupBy(Demand.Of))
            {
                var ready = group.Where(build => build.IsReady(now)).ToList();
                var time = ready.Aggregate(TimeSpan.Zero, (sum, build) => sum + build.EstimatedDuration);
                Assert.That(index.Amount(group.Key), Is.EqualTo((ready.Count, time)));
            }

            Assert.That(index.Waiting, Is.EqualTo(_builds.Values.Count(build => build.Queue == QueueState.Waiting)));
            Assert.That(
                index.Running.Select(build => build.Id),
                Is.EquivalentTo(_builds.Values.Where(build => build.Queue == QueueState.Running).Select(build => build.Id)));
        }
    }

    /// <summary>Before, each of these decisions looked at all owners: some ten minutes together.</summary>
    [Test]
    public void A_decision_does_not_look_at_all_owners()
    {
        var index = new QueueIndex(_options);
        for (var i = 0; i < 100_000; i++)
            Apply(index, New($"owner{i}", i % 7, "amd64"), Start);

        for (var i = 0; i < 20_000; i++)
        {
            var build = index.Pick(Bob, 1, Start)[0];
            Apply(index, build.Dispatched($"builder{build.Id}", Start), Start);
        }

        Assert.That(index.Waiting, Is.EqualTo(80_000));
    }

    private void Change(Random random, QueueIndex index, DateTimeOffset now)
    {
        for (var i = random.Next(4); i > 0; i--)
            Apply(index, New($"owner{random.Next(6)}", random.Next(5) * 100, random.Next(2) == 0 ? "amd64" : "i386", now), now);
        if (_builds.Count == 0)
            return;
        var build = _builds.Values.ElementAt(random.Next(_builds.Count));
        Apply(index, (random.Next(4), build.Queue) switch
        {
            (0, QueueState.Waiting) => build.Rescored(random.Next(5) * 100),
            (1, QueueState.Running) => build.Requeued(now, "again", TimeSpan.FromSeconds(random.Next(2) * 600)),
            (_, QueueState.Waiting) when build.IsReady(now) => build.Dispatched($"builder{build.Id}", now),
            (_, QueueState.Running) => build.Ended(BuildState.FailedToBuild, now),
            _ => build,
        }, now);
    }

    private Build New(string owner, int score, string processor, DateTimeOffset? now = null) => new NewBuild
    {
        JobType = "PACKAGEBUILD",
        Title = "x",
        Owner = owner,
        Score = score,
        Processor = processor,
        EstimatedDuration = TimeSpan.FromSeconds(1 + (_revision % 50)),
    }.ToBuild(_revision + 1, _revision + 1, now ?? Start);

    private void Apply(QueueIndex index, Build build, DateTimeOffset now)
    {
        build = build with { Revision = ++_revision };
        if (build.Queue is null)
            _builds.Remove(build.Id);
        else
            _builds[build.Id] = build;
        if (build is { Queue: QueueState.Running, Started: { } started } && started > _served.GetValueOrDefault(build.Owner))
            _served[build.Owner] = started;
        index.Apply(build, now);
    }

    /// <summary>The rules of <see cref="FairShareOptions"/>, word by word.</summary>
    private List<long> Expected(FairShareOptions options, int most, DateTimeOffset now)
    {
        var running = _builds.Values.Where(build => build.Queue == QueueState.Running).CountBy(build => build.Owner)
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        var taken = new Dictionary<string, int>();
        var left = _builds.Values.Where(build => build.IsReady(now)).ToList();
        var expected = new List<long>();
        while (expected.Count < most && left.Count > 0)
        {
            var best = left.GroupBy(build => (build.Owner, Demand.Of(build)))
                .Select(line => line.OrderByDescending(build => build.Score).ThenBy(build => build.Id).First())
                .OrderByDescending(Points).ThenBy(build => build.Id).First();
            left.Remove(best);
            taken[best.Owner] = taken.GetValueOrDefault(best.Owner) + 1;
            expected.Add(best.Id);
        }

        return expected;

        double Points(Build build)
        {
            if (!options.Enabled)
                return build.Score;
            var more = taken.GetValueOrDefault(build.Owner);
            var served = _served.GetValueOrDefault(build.Owner);
            var since = more > 0 ? now : served > build.Queued ? served : build.Queued;
            return build.Score
                - (options.PointsPerRunningBuild * (running.GetValueOrDefault(build.Owner) + more)
                    / options.Weights.GetValueOrDefault(build.Owner, 1))
                + (options.PointsPerMinute * (now - since).TotalMinutes);
        }
    }
}
