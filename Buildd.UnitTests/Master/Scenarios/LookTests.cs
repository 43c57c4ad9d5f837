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

        // The clock is moved a second at a time, and on a busy machine once or twice while what has come due is still under way.
        Assert.That((build.Finished - build.Started)!.Value.TotalSeconds, Is.InRange(look - 1.5, look + 4));
    }

    [TestCase(2, 2.1)]
    [TestCase(4, 4.3)]
    public async Task A_short_build_is_collected_within_a_tenth_of_its_estimate(int estimate, double end)
    {
        _farm.Step = TimeSpan.FromMilliseconds(50);
        _farm.Options = _farm.Options with { PollInterval = TimeSpan.FromMinutes(1) };
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync(build => build with { EstimatedDuration = TimeSpan.FromSeconds(estimate) });
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        var begun = (await _farm.FindAsync(build)).Started!.Value;
        await _farm.UntilAsync(() => _farm.Now >= begun + TimeSpan.FromSeconds(end));
        slave.EndWith(BuildStatus.PackageFail);

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That((build.Finished - build.Started)!.Value.TotalSeconds, Is.InRange(end, end + Math.Max(0.25, estimate * 0.1) + 0.2));
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
