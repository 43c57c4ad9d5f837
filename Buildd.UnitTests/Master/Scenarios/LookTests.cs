using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>When slaves are looked at: as soon as a build should be over, and not all at the same moment.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class LookTests : IAsyncDisposable
{
    /// <summary>
    /// The seconds by which the clock of the bench is at most moved on between the giving of a build and its beginning, where the machine
    /// is busy: then the master's refresh is due, which the bench waits for.
    /// </summary>
    private const double Slip = 17;

    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [TestCase(40, 36)]
    [TestCase(20, 18)]
    [TestCase(1, 2)]
    [TestCase(90, 60)]
    public async Task A_build_that_is_estimated_to_end_before_the_next_look_is_looked_at_then(int estimate, int look)
    {
        _farm.Options = _farm.Options with { PollInterval = TimeSpan.FromMinutes(1) };
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync(build => build with { EstimatedDuration = TimeSpan.FromSeconds(estimate) });
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        slave.EndWith(BuildStatus.PackageFail);

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That((build.Finished - build.Started)!.Value.TotalSeconds, Is.InRange(look - 1.5, look + Slip));
    }

    [TestCase(400, 400)]
    [TestCase(400, 380)]
    public async Task A_build_is_collected_within_a_tenth_of_its_estimate_where_that_is_shorter_than_the_interval(int estimate, int end)
    {
        _farm.Options = _farm.Options with { PollInterval = TimeSpan.FromMinutes(10), FastPollInterval = TimeSpan.FromMinutes(5) };
        var slave = await _farm.AddAsync("bob");
        var over = DateTimeOffset.MaxValue;
        slave.OnBuild = _ => over = _farm.Now + TimeSpan.FromSeconds(end);
        slave.Instead = (call, _) =>
        {
            if (call == "status" && _farm.Now >= over && slave.Status.Status == BuilderStatus.Building)
                slave.EndWith(BuildStatus.PackageFail);
            return Task.FromResult(false);
        };
        var build = await _farm.QueueAsync(build => build with { EstimatedDuration = TimeSpan.FromSeconds(estimate) });
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That((build.Finished - build.Started)!.Value.TotalSeconds, Is.InRange(end - 1, end + (estimate * 0.1) + Slip));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Slaves_that_begin_together_are_not_looked_at_together(bool haveWork)
    {
        const int Count = 5;
        var agents = 0;
        _farm.Spread = () => (Interlocked.Increment(ref agents) % Count + 1) / (double)Count;
        var slaves = new List<SocketSlave>();
        for (var i = 0; i < Count; i++)
        {
            slaves.Add(await _farm.AddAsync($"builder{i}"));
            if (haveWork)
                await _farm.QueueAsync(build => build with { EstimatedDuration = TimeSpan.FromHours(9) });
        }

        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromMinutes(2));

        var together = new List<int>();
        for (var second = 0; second < 15; second++)
        {
            var before = slaves.Sum(slave => slave.Count("status"));
            await _farm.PassAsync(TimeSpan.FromSeconds(1));
            together.Add(slaves.Sum(slave => slave.Count("status")) - before);
        }

        Assert.That(together.Sum(), Is.EqualTo(Count).Within(1), "each once in an interval");
        Assert.That(together.Max(), Is.LessThanOrEqualTo(2), string.Join(' ', together));
    }
}
