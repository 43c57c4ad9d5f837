using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Somebody sets the clock: what waits for a time waits as long as it was to.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class ClockTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [TestCase(-1)]
    [TestCase(1)]
    public async Task A_build_that_was_given_back_waits_as_long_as_it_was_to(int days)
    {
        var build = await GivenBackAsync();
        var start = _farm.Time.GetTimestamp();
        _farm.Time.Set(TimeSpan.FromDays(days));

        await TimesAsync(build, 2);

        Assert.That(
            _farm.Time.GetElapsedTime(start), Is.InRange(TimeSpan.FromSeconds(290), TimeSpan.FromSeconds(330)), "five minutes, roughly");
    }

    [Test]
    public async Task A_master_that_is_started_again_after_the_clock_was_set_back_keeps_nothing_waiting_longer()
    {
        var build = await GivenBackAsync();
        var start = _farm.Time.GetTimestamp();
        _farm.Time.Set(TimeSpan.FromDays(-1));
        await _farm.HandToNextAsync(_farm.Master);

        await TimesAsync(build, 2);

        Assert.That(_farm.Time.GetElapsedTime(start), Is.LessThan(TimeSpan.FromMinutes(8)));
    }

    [Test]
    public async Task A_build_that_is_rescored_while_it_waits_comes_no_later()
    {
        var build = await GivenBackAsync();
        var start = _farm.Time.GetTimestamp();
        _farm.Time.Set(TimeSpan.FromDays(-1));
        await _farm.PassAsync(TimeSpan.FromMinutes(2));
        await _farm.Builds.ChangeAsync(build.Id, waiting => waiting.Rescored(7));

        await TimesAsync(build, 2);

        Assert.That(_farm.Time.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(330)));
    }

    [TestCase(-1)]
    [TestCase(1)]
    public async Task A_slave_that_is_to_stop_a_build_has_its_three_minutes(int days)
    {
        var slave = await _farm.AddAsync("bob");
        slave.Aborts = false;
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building && _farm.Master.IsQuiet);
        await _farm.Master.CancelAsync(build.Id);
        await _farm.UntilAsync(() => slave.Count("abort") == 1);
        var start = _farm.Time.GetTimestamp();
        _farm.Time.Set(TimeSpan.FromDays(days));

        await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(_farm.Time.GetElapsedTime(start), Is.InRange(TimeSpan.FromSeconds(170), TimeSpan.FromSeconds(200)));
    }

    [TestCase(-1)]
    [TestCase(1)]
    public async Task Builders_go_on_with_their_work(int days)
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.Ok, ("a.deb", "a"));
        _farm.Start();
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        _farm.Time.Set(TimeSpan.FromDays(days));

        var build = await _farm.QueueAsync();
        var start = _farm.Time.GetTimestamp();
        await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(_farm.Time.GetElapsedTime(start), Is.LessThan(TimeSpan.FromMinutes(1)));
        Assert.That((await _farm.FindAsync("bob")).Failures, Is.Zero);
    }

    private async Task<Build> GivenBackAsync()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.End(BuildStatus.GivenBack);
        var build = await _farm.QueueAsync();
        _farm.Start();
        await TimesAsync(build, 1);
        return build;
    }

    private Task TimesAsync(Build build, int times) => _farm.UntilAsync(async () => (await _farm.FindAsync(build)).GivenBack == times);
}
