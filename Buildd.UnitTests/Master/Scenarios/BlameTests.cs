using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>The blame for failures, which falls on builders or on jobs.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class BlameTests : FaultFixture
{
    [TestCase(BuildStatus.BuilderFail)]
    [TestCase(BuildStatus.Aborted)]
    public async Task A_builder_that_breaks_every_job_is_failed_and_no_job_is(BuildStatus said)
    {
        var bad = await _farm.AddAsync("bad");
        bad.OnBuild = _ => bad.EndWith(said);
        var builds = new List<Build>();
        for (var i = 0; i < 3; i++)
            builds.Add(await _farm.QueueAsync());
        _farm.Start();
        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bad")).InService);
        var good = await _farm.AddAsync("good");
        good.OnBuild = _ => good.End(BuildStatus.Ok);

        foreach (var build in builds)
            await _farm.UntilAsync(build, BuildState.Uploading);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        Assert.That((await _farm.FindAsync("bad")).Failures, Is.EqualTo(5));
        Assert.That((await _farm.FindAsync("good")).Failures, Is.Zero);
        Assert.That(_farm.Told, Has.Count.EqualTo(1).And.Some.StartsWith("bad: "));
    }

    [Test]
    public async Task A_builder_whose_address_is_none_keeps_no_other_from_its_work()
    {
        await _farm.AddAsync("adam", builder => builder with { Url = new Uri("http://127.0.0.1:1/?q") });
        var good = await _farm.AddAsync("bob");
        good.OnBuild = _ => good.End(BuildStatus.Ok);
        var build = await _farm.QueueAsync();

        _farm.Start();

        await _farm.UntilAsync(build, BuildState.Uploading);
        Assert.That(_farm.Log, Has.Exactly(1).Contains("adam is not looked after until its address is changed"));
    }

    [Test]
    public async Task A_job_that_breaks_every_builder_fails_on_the_second_and_no_builder_does()
    {
        var build = await _farm.QueueAsync();
        await _farm.Builds.TryReplaceAsync([build with { Failures = 3 }]); // met another builder before
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.EndWith(BuildStatus.BuilderFail);
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        Assert.That(await CountsAsync(build), Is.EqualTo((0, 4)));
        Assert.That(build.Reason, Does.Contain("ended as BuilderFail"));
        Assert.That(_farm.Told, Is.EqualTo(new[] { "PACKAGEBUILD-1 FAILEDTOBUILD" }));
        Assert.That(_farm.LogText(build), Does.EndWith(build.Reason + "\n"), "its log says why");
    }

    [Test]
    public async Task A_job_and_a_builder_that_have_only_each_other_are_parted_in_the_end()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.EndWith(BuildStatus.BuilderFail);
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(await CountsAsync(build), Is.EqualTo((5, 5)));
        Assert.That((await _farm.FindAsync("bob")).InService, Is.True);
    }

    [Test]
    public async Task A_dispatch_that_succeeds_forgives_nothing()
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Failures = 4 });
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);

        Assert.That(await CountsAsync(build), Is.EqualTo((4, 0)));
    }

    [Test]
    public async Task A_build_that_is_given_back_waits_longer_each_time_and_fails_at_the_limit()
    {
        _farm.Options = _farm.Options with { MaxGiveBacks = 3 };
        var slave = await _farm.AddAsync("bob");
        var times = new List<DateTimeOffset>();
        slave.OnBuild = _ =>
        {
            times.Add(_farm.Now);
            slave.Log("not now\n");
            slave.EndWith(BuildStatus.GivenBack);
        };
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(times.Zip(times.Skip(1), (one, next) => (next - one).TotalMinutes), Is.EqualTo(new double[] { 5, 10, 20 }).Within(0.6));
        Assert.That((await CountsAsync(build), build.Reason), Is.EqualTo(((0, 0), "It was given back 4 times in a row.")));
    }

    [Test]
    public async Task A_storm_of_builds_that_are_given_back_keeps_no_other_waiting()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuild = _ => slave.EndWith(slave.LastBuild!.BuildId == "PACKAGEBUILD-31" ? BuildStatus.PackageFail : BuildStatus.GivenBack);
        for (var i = 0; i < 30; i++)
            await _farm.QueueAsync(build => build with { Score = 10_000 });
        var last = await _farm.QueueAsync(build => build with { Score = 0 });
        var start = _farm.Now;
        _farm.Start();

        await _farm.UntilAsync(last, BuildState.FailedToBuild);

        Assert.That(slave.CountStarting("build "), Is.LessThan(60));
        Assert.That(_farm.Now - start, Is.LessThan(TimeSpan.FromMinutes(30)));
    }
}
