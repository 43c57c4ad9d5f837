using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Cancelling, cleaning and resetting, and the two operations of the original's own.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class CancelAndCleanTests : IAsyncDisposable
{
    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_build_that_is_cancelled_is_aborted_at_once_and_over_with_its_log_and_without_mail()
    {
        var (slave, build) = await BuildingAsync();
        slave.Log("half\n");
        var before = _farm.Now;
        await _farm.Master.CancelAsync(build.Id);

        build = await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(_farm.Now - before, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(slave.Count("abort"), Is.EqualTo(1));
        Assert.That(build.LogName, Does.EndWith("_CANCELLED.txt.gz"));
        Assert.That(_farm.LogText(build), Is.EqualTo("half\n"));
        Assert.That(_farm.Told, Is.Empty);
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Idle);
    }

    [Test]
    public async Task A_build_that_waits_is_cancelled_without_a_word_to_any_slave()
    {
        var slave = await _farm.AddAsync("bob", builder => builder with { Manual = true });
        var build = await _farm.QueueAsync();
        _farm.Start();

        var cancelled = await _farm.Master.CancelAsync(build.Id);

        Assert.That((cancelled!.State, cancelled.Queue), Is.EqualTo((BuildState.Cancelled, (QueueState?)null)));
        await _farm.PassAsync(TimeSpan.FromSeconds(30));
        Assert.That(slave.Deeds, Is.Empty);
    }

    [Test]
    public async Task A_slave_that_does_not_stop_is_given_three_minutes_and_counted_and_the_build_is_cancelled()
    {
        var (slave, build) = await BuildingAsync();
        slave.Aborts = false;
        await _farm.Master.CancelAsync(build.Id);
        var start = _farm.Now;

        build = await _farm.UntilAsync(build, BuildState.Cancelled);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);

        Assert.That(_farm.Now - start, Is.EqualTo(TimeSpan.FromSeconds(180)).Within(TimeSpan.FromSeconds(3)));
        Assert.That(slave.Count("abort"), Is.EqualTo(1));
        Assert.That(build.Reason, Is.EqualTo("bob did not stop it within 180 s"));
        Assert.That((await _farm.FindAsync("bob")).Failures, Is.EqualTo(1));
    }

    [Test]
    public async Task An_abort_that_fails_is_repeated()
    {
        var (slave, build) = await BuildingAsync();
        slave.Instead = (call, http) =>
        {
            var fails = call == "abort" && slave.Count("abort") == 1;
            if (fails)
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(fails);
        };
        await _farm.Master.CancelAsync(build.Id);

        await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(slave.Count("abort"), Is.EqualTo(2));
    }

    [Test]
    public async Task A_dead_slave_does_not_keep_a_build_from_being_cancelled()
    {
        var (slave, build) = await BuildingAsync();
        await slave.DieAsync();
        await _farm.Master.CancelAsync(build.Id);
        var start = _farm.Now;

        await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(_farm.Now - start, Is.LessThan(TimeSpan.FromSeconds(200)));
    }

    [TestCase(BuildStatus.Ok)]
    [TestCase(BuildStatus.PackageFail)]
    [TestCase(BuildStatus.BuilderFail)]
    [TestCase(BuildStatus.GivenBack)]
    public async Task A_result_that_comes_after_all_is_thrown_away(BuildStatus said)
    {
        var (slave, build) = await BuildingAsync();
        slave.End(said, ("a.deb", "a"));
        await _farm.Master.CancelAsync(build.Id);

        await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(_farm.Leaves("incoming"), Is.Empty);
        Assert.That(_farm.Told, Is.Empty);
    }

    [Test]
    public async Task A_slave_that_loses_a_build_that_is_to_be_cancelled_has_cancelled_it()
    {
        var (slave, build) = await BuildingAsync();
        slave.Forget();
        await _farm.Master.CancelAsync(build.Id);

        await _farm.UntilAsync(build, BuildState.Cancelled);
    }

    [TestCase(BuilderStatus.Waiting, "clean")]
    [TestCase(BuilderStatus.Building, "abort clean")]
    [TestCase(BuilderStatus.Idle, "")]
    public async Task A_dirty_builder_is_cleaned_by_what_its_slave_does(BuilderStatus status, string calls)
    {
        var slave = await _farm.AddAsync("bob");
        slave.Status = new StatusReply
        {
            Status = status,
            BuildId = status == BuilderStatus.Idle ? null : "PACKAGEBUILD-99",
            BuildStatus = status == BuilderStatus.Waiting ? BuildStatus.Ok : null,
            LogTail = default(ReadOnlyMemory<byte>),
        };
        _farm.Start();

        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Clean);

        Assert.That(string.Join(' ', slave.Deeds), Is.EqualTo(calls));
    }

    [Test]
    public async Task A_virtual_builder_is_reset_by_the_command_whatever_is_in_its_words()
    {
        var file = Path.Combine(_farm.Root, "reset");
        _farm.Options = _farm.Options with
        {
            ResumeCommand = ["/bin/sh", "-c", "printf '%s|' \"$@\" > \"$0\"", file, "%(vm_host)s", "--name=%(buildd_name)s"],
        };
        var slave = await _farm.AddAsync("bob", builder => builder with
        {
            Virtualized = true,
            VmHost = "host; touch /tmp/no $(x)",
            VmResetProtocol = VmResetProtocol.Synchronous,
        });
        _farm.Start();

        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Clean);

        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("host; touch /tmp/no $(x)|--name=127|"));
        Assert.That(slave.Deeds, Is.EqualTo(new[] { "echo" }));
    }

    [Test]
    public async Task A_virtual_builder_whose_reset_is_only_triggered_waits_until_somebody_says_that_it_is_clean()
    {
        _farm.Options = _farm.Options with { ResumeCommand = ["/bin/true"] };
        var slave = await _farm.AddAsync("bob", Virtual(VmResetProtocol.Triggered));
        _farm.Start();
        await _farm.UntilAsync(async () => (await _farm.FindAsync("bob")).Clean == CleanState.Cleaning);
        await _farm.PassAsync(TimeSpan.FromMinutes(5));
        Assert.That(slave.Count("status"), Is.Zero);

        await _farm.Builders.TryReplaceAsync([(await _farm.FindAsync("bob")).Made(CleanState.Clean, _farm.Now)]);
        await _farm.QueueAsync(build => build with { Virtualized = true });

        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
    }

    [TestCase("/bin/sh -c", "echo it broke; exit 3", "ended with exit code 3. It said: it broke")]
    [TestCase("/no/such/program", "", "can't be reset")]
    public async Task A_virtual_builder_that_cannot_be_reset_is_failed_with_what_the_command_said(
        string program, string argument, string expected)
    {
        _farm.Options = _farm.Options with { ResumeCommand = [.. program.Split(' '), argument] };
        await _farm.AddAsync("bob", Virtual(VmResetProtocol.Synchronous));
        _farm.Start();

        await _farm.UntilAsync(async () => !(await _farm.FindAsync("bob")).InService && _farm.Master.IsQuiet);

        Assert.That((await _farm.FindAsync("bob")).FailNotes, Does.Contain(expected));
        Assert.That(_farm.Told, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Check_builders_fails_who_answers_wrongly_and_spares_the_others()
    {
        var good = await _farm.AddAsync("a-good");
        var old = await _farm.AddAsync("b-old");
        old.Info = old.Info with { ProtocolVersion = "2.0" };
        var foreign = await _farm.AddAsync("c-foreign");
        foreign.Info = foreign.Info with { ArchitectureTag = "arm64" };
        var dead = await _farm.AddAsync("d-dead");
        await dead.DieAsync();
        var deadVirtual =
            await _farm.AddAsync("e-dead", builder => Virtual(VmResetProtocol.Triggered)(builder) with { Clean = CleanState.Clean });
        await deadVirtual.DieAsync();
        var lost = await _farm.AddAsync("f-lost");
        lost.Status = new StatusReply { Status = BuilderStatus.Waiting, BuildStatus = BuildStatus.Ok, BuildId = "PACKAGEBUILD-99" };
        await _farm.AddAsync("g-out", builder => builder.OutOfService("by hand"));
        _farm.Make();

        var findings = await _farm.Master.CheckBuildersAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                findings.Select(finding => finding.Builder.Name),
                Is.EqualTo(new[] { "a-good", "b-old", "c-foreign", "d-dead", "e-dead", "f-lost" }));
            Assert.That(findings[0].Mistake, Is.Null);
            Assert.That(findings[1].Mistake, Is.EqualTo("b-old speaks protocol 2.0, and not 1.0."));
            Assert.That(findings[2].Mistake, Is.EqualTo("c-foreign is of the architecture arm64, and not of amd64."));
            Assert.That(findings[3].Mistake, Does.Contain("the connection failed"));
            Assert.That(findings[4].Mistake, Is.Null);
            Assert.That((await _farm.FindAsync("e-dead")).Clean, Is.EqualTo(CleanState.Dirty));
            Assert.That(lost.Deeds[^1], Is.EqualTo("clean"));
            Assert.That(
                (await _farm.Builders.ListAsync()).Where(builder => !builder.InService)
                    .Select(builder => builder.Name), Is.EqualTo(new[] { "b-old", "c-foreign", "d-dead", "g-out" }));
            Assert.That(good.Deeds, Is.EqualTo(new[] { "echo", "info" }));
        }
    }

    [Test]
    public async Task Scan_active_builders_looks_once_at_those_that_build_and_resets_what_was_forgotten()
    {
        var slave = await _farm.AddAsync("bob");
        var idle = await _farm.AddAsync("idle");
        var build = await _farm.QueueAsync();
        await _farm.Builders.TryReplaceAsync([(await _farm.FindAsync("bob")).Made(CleanState.Dirty, _farm.Now)]);
        await _farm.Builds.TryReplaceAsync([build.Dispatched("bob", _farm.Now)]);
        _farm.Make();

        await _farm.Master.ScanActiveBuildersAsync();

        Assert.That(
            _farm.Log, Has.Some.StartsWith($"Warning: Builder {slave.Url} forgot about buildqueue 1 -- resetting buildqueue record"));
        Assert.That((await _farm.FindAsync(build)).Queue, Is.EqualTo(QueueState.Waiting));
        Assert.That((slave.Count("status"), idle.Count("status")), Is.EqualTo((1, 0)));
    }

    private static Func<Builder, Builder> Virtual(VmResetProtocol protocol) =>
        builder => builder with { Virtualized = true, VmHost = "host", VmResetProtocol = protocol };

    private async Task<(SocketSlave Slave, Build Build)> BuildingAsync()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        return (slave, build);
    }
}
