using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Slaves that are away, silent or not in the state they should be in.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FaultTests : FaultFixture
{
    [Test]
    public async Task A_slave_that_forgot_its_build_is_warned_of_and_the_build_is_tried_again()
    {
        var (slave, build) = await BuildingAsync();
        slave.Forget();

        await _farm.UntilAsync(() => slave.Count("build PACKAGEBUILD-1") == 2);

        Assert.That(
            _farm.Log, Has.Some.StartsWith($"Warning: Builder {slave.Url} forgot about buildqueue 1 -- resetting buildqueue record"));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)), "nobody is blamed");
        Assert.That((await _farm.FindAsync(build)).Attempt, Is.EqualTo(2));
    }

    [Test]
    public async Task A_slave_with_another_build_is_cleaned_and_the_build_is_tried_again()
    {
        var (slave, build) = await BuildingAsync();
        slave.Status = slave.Status with { BuildId = "PACKAGEBUILD-99" };

        await _farm.UntilAsync(() => slave.Count("build PACKAGEBUILD-1") == 2);

        Assert.That(slave.Deeds.Skip(3).Take(2), Is.EqualTo(new[] { "abort", "clean" }));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_slave_that_is_away_for_a_minute_loses_nothing()
    {
        var (slave, build) = await BuildingAsync();
        await slave.DieAsync();
        await _farm.PassAsync(TimeSpan.FromSeconds(50));
        await slave.ReviveAsync();
        slave.End(BuildStatus.Ok);

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That((build.Attempt, build.Failures), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task A_slave_that_is_dead_loses_its_build_after_fifteen_scans_and_then_its_place_and_the_administrators_are_told()
    {
        var (slave, build) = await BuildingAsync();
        await slave.DieAsync();
        var start = _farm.Now;

        await _farm.UntilAsync(build, BuildState.NeedsBuild);
        Assert.That(await CountsAsync(build), Is.EqualTo((3, 3)));
        Assert.That(_farm.Now - start, Is.EqualTo(TimeSpan.FromMinutes(3.75)).Within(TimeSpan.FromSeconds(20)));
        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bob")).InService && _farm.Master.IsQuiet);

        var builder = await _farm.FindAsync("bob");
        Assert.That(builder.Failures, Is.EqualTo(5));
        Assert.That(builder.FailNotes, Does.Contain("the connection failed"));
        Assert.That(_farm.Told, Is.EqualTo(new[] { $"bob: {builder.FailNotes}" }));
    }

    [Test]
    public async Task A_half_open_slave_delays_no_other()
    {
        var (slave, _) = await BuildingAsync();
        var asked = new TaskCompletionSource();
        slave.Instead = async (_, http) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        var other = await _farm.AddAsync("eve");
        await _farm.UntilAsync(() => asked.Task.IsCompleted);
        var before = _farm.Now;

        _farm.Master.Refresh(); // the clock stands still from here on: the first slave is never quiet
        var build = await _farm.QueueAsync();
        other.OnBuild = _ => other.End(BuildStatus.PackageFail);
        await Until.TrueAsync(() => other.Count("build PACKAGEBUILD-2") != 0);

        Assert.That(_farm.Now, Is.EqualTo(before));
        Assert.That(build.Id, Is.EqualTo(2));
    }

    [Test]
    public async Task A_half_open_slave_is_given_up_after_the_time_of_a_call_and_counted()
    {
        var (slave, build) = await BuildingAsync();
        var calls = 0;
        slave.Instead = async (_, http) =>
        {
            Interlocked.Increment(ref calls);
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        for (var i = 1; i <= 5; i++)
        {
            await _farm.UntilAsync(() => Volatile.Read(ref calls) == i);
            _farm.Time.Advance(TimeSpan.FromSeconds(40));
            await _farm.UntilAsync(() => _farm.Master.IsQuiet || Volatile.Read(ref calls) > i);
        }

        await _farm.UntilAsync(async () => await CountsAsync(build) == (1, 1));

        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.Building));
        Assert.That(_farm.Log, Has.Some.Contains("nothing came within 40 s"));
    }

    [TestCase("this is no XML")]
    [TestCase("<?xml version='1.0'?><methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>")]
    [TestCase("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><methodResponse/>")]
    public async Task Garbage_is_counted_every_fifth_time_and_forgiven_when_the_slave_comes_to_its_senses(string garbage)
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = async (_, http) =>
        {
            await http.Response.WriteAsync(garbage);
            return true;
        };
        await _farm.UntilAsync(async () => await CountsAsync(build) == (1, 1));
        slave.Instead = null;
        slave.End(BuildStatus.PackageFail);

        await _farm.UntilAsync(build, BuildState.FailedToBuild);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        Assert.That((await _farm.FindAsync("bob")).Failures, Is.Zero);
    }

    [Test]
    public async Task A_slave_that_waits_and_does_not_say_how_the_build_ended_is_blamed_at_once()
    {
        var (slave, build) = await BuildingAsync();
        slave.Status = slave.Status with { Status = BuilderStatus.Waiting, BuildStatus = null };

        build = await _farm.UntilAsync(build, BuildState.NeedsBuild);

        Assert.That(build.Reason, Is.EqualTo("bob waits, but does not say how PACKAGEBUILD-1 ended."));
        Assert.That(await CountsAsync(build), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task A_clean_builder_whose_slave_is_busy_breaks_isolation_and_is_failed()
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Clean = CleanState.Clean });
        slave.Status =
            new StatusReply { Status = BuilderStatus.Building, BuildId = "PACKAGEBUILD-99", LogTail = default(ReadOnlyMemory<byte>) };
        _farm.Start();

        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bob")).InService && _farm.Master.IsQuiet);

        Assert.That(_farm.Told, Has.Some.Contains("is to be clean"));
        Assert.That(slave.Deeds, Is.Empty);
    }

    [Test]
    public async Task A_build_on_a_builder_that_is_not_dirty_breaks_isolation_and_fails_both()
    {
        var (_, build) = await BuildingAsync();
        var builder = await _farm.FindAsync("bob");
        await _farm.Builders.TryReplaceAsync([builder with { Clean = CleanState.Clean }]);

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That((await _farm.FindAsync("bob")).InService, Is.False);
        Assert.That(build.Reason, Does.Contain("not marked as dirty"));
    }

    [Test]
    public async Task A_builder_that_is_taken_out_of_service_loses_its_build_and_is_left_alone()
    {
        var (slave, build) = await BuildingAsync();
        await _farm.Builders.TryReplaceAsync([(await _farm.FindAsync("bob")).OutOfService("by hand")]);

        build = await _farm.UntilAsync(build, BuildState.NeedsBuild);
        var calls = slave.Count("status");
        await _farm.PassAsync(TimeSpan.FromMinutes(5));

        Assert.That(slave.Count("status"), Is.EqualTo(calls));
        Assert.That(build.Reason, Is.EqualTo("bob was taken out of service: by hand"));
    }
}
