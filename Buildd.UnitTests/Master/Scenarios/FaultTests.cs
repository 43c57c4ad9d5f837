using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>What goes wrong with slaves, and what becomes of builder and build.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FaultTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_slave_that_forgot_its_build_is_warned_of_and_the_build_is_tried_again()
    {
        var (slave, build) = await BuildingAsync();
        slave.Forget();

        await _farm.UntilAsync(() => slave.Count("build PACKAGEBUILD-1") == 2);

        Assert.That(_farm.Log, Has.Some.StartsWith($"Warning: Builder {slave.Url} forgot about buildqueue 1 -- resetting buildqueue record"));
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
        while (other.Count("build PACKAGEBUILD-2") == 0)
            await Task.Delay(1);

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
        Assert.That(_farm.Told, Is.Empty, "a judgement sends no mail");
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

    [Test]
    public async Task A_file_with_another_sum_is_fetched_again_and_counted_and_nothing_of_it_lands()
    {
        var (slave, build) = await BuildingAsync();
        slave.Files[Sha1("right")] = Bytes("wrong");
        slave.EndWith(BuildStatus.Ok, ("a.deb", Sha1("right")));

        await _farm.UntilAsync(async () => await CountsAsync(build) == (1, 1));
        Assert.That((await _farm.FindAsync(build)).State, Is.EqualTo(BuildState.Gathering));
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        slave.Files[Sha1("right")] = Bytes("right");
        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(slave.Deeds.Count(call => call.StartsWith("GET", StringComparison.Ordinal)), Is.GreaterThanOrEqualTo(6));
        Assert.That(_farm.Leaves("incoming"), Is.EqualTo(new[] { build.Leaf }));
    }

    [Test]
    public async Task Results_that_never_come_right_are_given_up_and_the_build_goes_elsewhere()
    {
        var (slave, build) = await BuildingAsync();
        slave.EndWith(BuildStatus.Ok, ("a.deb", Sha1("it has no such file")));

        await _farm.UntilAsync(() => slave.CountStarting("build ") == 2);

        Assert.That(await CountsAsync(build), Is.EqualTo((3, 3)));
        Assert.That(_farm.Leaves("grabbing"), Is.Empty);
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
    }

    [Test]
    public async Task A_file_that_is_cut_off_is_gone_on_with()
    {
        var (slave, build) = await BuildingAsync();
        var text = string.Concat(Enumerable.Repeat("0123456789", 10_000));
        var cuts = 0;
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("GET " + Sha1(text), StringComparison.Ordinal) || cuts++ > 3)
                return false;
            if (!call.EndsWith("+0", StringComparison.Ordinal))
            {
                http.Abort();
                return true;
            }

            http.Response.ContentLength = text.Length;
            await http.Response.Body.WriteAsync(Bytes(text[..60_000]));
            await http.Response.Body.FlushAsync();
            // Too short: the server ends the connection. An abort would throw away what the client has not read yet.
            return true;
        };
        slave.End(BuildStatus.Ok, ("a.txt", text));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That(build.Files, Is.EqualTo(new[] { new BuildFile("a.txt", text.Length, Sha1(text), Sha256(text)) }));
        Assert.That(slave.CountStarting($"GET {Sha1(text)}+0"), Is.EqualTo(1), "all others went on somewhere");
    }

    [TestCase("../../etc/passwd")]
    [TestCase("/etc/passwd")]
    [TestCase("a/b")]
    [TestCase("a\\b")]
    [TestCase("a\nb")]
    [TestCase(".hidden")]
    [TestCase("buildlog")]
    public async Task Names_that_escape_fail_before_anything_is_fetched(string name)
    {
        var (slave, build) = await BuildingAsync();
        slave.EndWith(BuildStatus.Ok, (name, Sha1("x")), ("fine.deb", Sha1("y")));

        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).Failures == 1);

        Assert.That(slave.Deeds, Has.None.StartsWith("GET"));
        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        await _farm.UntilAsync(() => slave.CountStarting("build ") == 2); // parted at once: it would say the same again
    }

    [Test]
    public async Task A_file_that_never_ends_is_not_fetched_for_want_of_room_and_nobody_is_blamed()
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("GET " + Sha1("x"), StringComparison.Ordinal))
                return false;
            http.Response.ContentLength = long.MaxValue;
            await http.Response.Body.WriteAsync(new byte[1000]);
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        _farm.FreeBytes = 1L << 40;
        slave.EndWith(BuildStatus.Ok, ("endless", Sha1("x")));
        await _farm.PassAsync(TimeSpan.FromMinutes(5));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
        Assert.That(_farm.Log, Has.Some.Contains("has no room for"));

        slave.Instead = null;
        slave.End(BuildStatus.Ok, ("small", "y"));
        await _farm.UntilAsync(build, BuildState.Uploading);
    }

    [Test]
    public async Task A_slave_that_misses_a_file_once_is_sent_it_again()
    {
        var slave = await _farm.AddAsync("bob");
        var refused = 0;
        slave.OnBuildCall = _ => refused++ == 0 ? new BuildReply(BuildAnswer.UnknownSum, "chroot") : null;
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);

        Assert.That(slave.CountStarting("ensurepresent"), Is.EqualTo(4));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_slave_that_misses_a_file_twice_is_blamed_with_its_job()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuildCall = _ => new BuildReply(BuildAnswer.UnknownSum, "chroot");
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(slave.CountStarting("build "), Is.EqualTo(10));
        Assert.That(await CountsAsync(build), Is.EqualTo((5, 5)));
    }

    [Test]
    public async Task A_slave_without_the_kind_of_builder_gets_no_more_of_that_kind_and_others_do()
    {
        var unable = await _farm.AddAsync("a-unable");
        unable.OnBuildCall = _ => new BuildReply(BuildAnswer.UnknownBuilder, "binarypackage");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromMinutes(10));
        Assert.That(unable.CountStarting("build "), Is.EqualTo(1));
        Assert.That(await CountsAsync(build, "a-unable"), Is.EqualTo((0, 0)));
        Assert.That((await _farm.Master.WhyWaitingAsync(1)).Sentence, Does.EndWith("and a-unable can't build a binarypackage."));

        var able = await _farm.AddAsync("b-able");
        await _farm.UntilAsync(() => able.Status.Status == BuilderStatus.Building);

        Assert.That((await _farm.FindAsync(build)).Builder, Is.EqualTo("b-able"));
    }

    [Test]
    public async Task An_input_that_the_slave_cannot_fetch_blames_both_and_resets_the_build()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnEnsurePresent = _ => new EnsurePresentReply(false, "404");
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(build.Reason, Does.Contain("could not fetch"));
        Assert.That(slave.CountStarting("build "), Is.Zero);
    }

    [Test]
    public async Task A_build_whose_answer_was_lost_is_found_on_the_slave_and_not_begun_twice()
    {
        var slave = await _farm.AddAsync("bob");
        slave.Instead = (call, http) =>
        {
            if (call.StartsWith("build", StringComparison.Ordinal))
            {
                slave.Status = slave.Status with { Status = BuilderStatus.Building, BuildId = "PACKAGEBUILD-1", LogTail = default(ReadOnlyMemory<byte>) };
                http.Abort();
                slave.Instead = (_, other) =>
                {
                    other.Abort(); // nor can it be asked at once
                    slave.Instead = null;
                    return Task.FromResult(true);
                };
                return Task.FromResult(true);
            }

            return Task.FromResult(false);
        };
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.PassAsync(TimeSpan.FromMinutes(1));
        slave.End(BuildStatus.Ok, ("a.deb", "a"));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That((slave.CountStarting("build "), build.Attempt, build.Failures), Is.EqualTo((1, 1, 0)));
    }

    [Test]
    public async Task A_build_without_a_chroot_waits_and_says_so()
    {
        await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync(build => build with
        {
            Specification = new Buildd.Master.Jobs.Packages.PackageSpecification
            {
                Source = "hello",
                Version = "1",
                Series = "trixie",
                ArchTag = "amd64",
                Files = [],
            }.ToBytes()
        });
        _farm.Start();
        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).NotBefore is not null);

        Assert.That((await _farm.Master.WhyWaitingAsync(1)).Sentence, Does.EndWith("because Missing chroot for trixie amd64."));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_clean_builder_whose_slave_is_busy_breaks_isolation_and_is_failed()
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Clean = CleanState.Clean });
        slave.Status = new StatusReply { Status = BuilderStatus.Building, BuildId = "PACKAGEBUILD-99", LogTail = default(ReadOnlyMemory<byte>) };
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

    private async Task<(SocketSlave Slave, Build Build)> BuildingAsync()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        return (slave, build);
    }

    private async Task<(int Builder, int Build)> CountsAsync(Build build, string builder = "bob") =>
        ((await _farm.FindAsync(builder)).Failures, (await _farm.FindAsync(build)).Failures);
}
