using Buildd.Master;
using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Scanning;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(20_000)]
public sealed class BuildMonitorTests : IDisposable
{
    private readonly ScriptedSlave _slave = new();
    private readonly ManualTimeProvider _time = new() { SkipsWaits = true };
    private readonly CancellationTokenSource _abort = new();

    public void Dispose() => _abort.Dispose();

    [Test]
    public async Task It_looks_every_fifteen_seconds_until_the_build_has_ended()
    {
        _slave.Says(Building(), Building(), Waiting(BuildStatus.PackageFail));

        var events = await WatchAsync();

        Assert.That(events.OfType<StatusChanged>().Select(changed => changed.Status),
            Is.EqualTo([BuilderStatus.Building, BuilderStatus.Waiting]));
        Assert.That(((BuildEnded)events[^1]).Reply.BuildStatus, Is.EqualTo(BuildStatus.PackageFail));
        Assert.That(_time.Waits, Is.EqualTo([Seconds(15), Seconds(15)]));
    }

    [Test]
    public async Task It_waits_as_long_as_it_is_told_by_the_clock_it_is_given()
    {
        var time = new ManualTimeProvider();
        _slave.Says(Building(), Waiting());
        var options = new MonitorOptions { PollInterval = Seconds(3) };
        await using var events = Monitor(options, time).WatchAsync(Cookie).GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);

        var next = events.MoveNextAsync().AsTask();
        time.Advance(Seconds(2.9));
        Assert.That(next.IsCompleted, Is.False);
        time.Advance(Seconds(0.1));

        Assert.That(await next, Is.True);
        Assert.That(events.Current, Is.EqualTo(new StatusChanged(BuilderStatus.Waiting)));
    }

    [Test]
    public async Task An_idle_slave_has_lost_the_build()
    {
        _slave.Says(Building(), Idle);

        await Assert.ThatAsync(() => WatchAsync(), Throws.TypeOf<BuildLostException>().With.Message.Contains("Idle").And.Message.Contains(Cookie));
    }

    [TestCase("PACKAGEBUILD-23")]
    [TestCase("")]
    [TestCase(null)]
    public async Task A_slave_with_another_build_has_lost_ours(string? id)
    {
        _slave.Says(Building(), Building() with { BuildId = id });

        await Assert.ThatAsync(() => WatchAsync(), Throws.TypeOf<BuildLostException>());
        Assert.That(_slave.Deeds, Is.Empty, "neither aborted nor cleaned: it isn't ours");
    }

    [Test]
    public async Task A_connection_that_breaks_is_tried_again_after_longer_and_longer_times()
    {
        _slave.Does(Break, Break, Break, Break, () => Building(), Break, () => Waiting());

        var events = await WatchAsync();

        Assert.That(_time.Waits, Is.EqualTo([Seconds(15), Seconds(30), Seconds(60), Seconds(60), Seconds(15), Seconds(15)]));
        Assert.That(events.OfType<ScanFailed>().Select(failed => failed.Failures), Is.EqualTo([1, 2, 3, 4, 1]));
        Assert.That(events[^1], Is.TypeOf<BuildEnded>());
    }

    [Test]
    public async Task The_fifth_failure_in_a_row_ends_the_watch()
    {
        _slave.Does(() => Building(), Break);

        await Assert.ThatAsync(() => WatchAsync(), Throws.TypeOf<SlaveConnectionException>());
        Assert.That(_slave.Calls.Count(call => call == "status"), Is.EqualTo(6));
    }

    [Test]
    public async Task A_fault_or_nonsense_is_no_reason_to_give_up_at_once()
    {
        _slave.Does(() => throw ScriptedSlave.Fault, () => throw new SlaveProtocolException("HTML"), () => Waiting());

        Assert.That((await WatchAsync())[^1], Is.TypeOf<BuildEnded>());
    }

    [Test]
    public async Task A_slave_that_waits_without_saying_how_the_build_ended_is_a_failure()
    {
        _slave.Says(Waiting() with { BuildStatus = null });

        await Assert.ThatAsync(() => WatchAsync(), Throws.TypeOf<SlaveProtocolException>().With.Message.Contains("how its build ended"));
    }

    [Test]
    public async Task Cancelled_it_tells_the_slave_once_and_waits_until_it_has_ended()
    {
        _slave.Does(() => Building(), AbortNow, () => Aborting, () => Aborting, () => Waiting(BuildStatus.Aborted));

        var events = await WatchAsync();

        Assert.That(_slave.Deeds, Is.EqualTo(["abort"]));
        Assert.That(events.OfType<AbortRequested>(), Has.Exactly(1).Items);
        Assert.That(((BuildEnded)events[^1]).Reply.BuildStatus, Is.EqualTo(BuildStatus.Aborted));
    }

    [Test]
    public async Task A_wait_between_two_looks_ends_when_the_build_is_cancelled()
    {
        var time = new ManualTimeProvider(); // nobody moves it
        _slave.Says(Building(), Waiting(BuildStatus.Aborted));
        await using var events = Monitor(new MonitorOptions(), time).WatchAsync(Cookie, _abort.Token).GetAsyncEnumerator();
        await events.MoveNextAsync();

        var next = events.MoveNextAsync().AsTask();
        Assert.That(next.IsCompleted, Is.False);
        await _abort.CancelAsync();

        Assert.That(await next, Is.True);
    }

    [Test]
    public async Task An_abort_that_got_lost_is_repeated()
    {
        var attempts = 0;
        _slave.OnAbort = () => ++attempts == 1 ? throw ScriptedSlave.Broken : new BuilderStatusReply(BuilderStatus.Aborting);
        _slave.Does(AbortNow, () => Building(), () => Waiting(BuildStatus.Aborted));

        var events = await WatchAsync();

        Assert.That(_slave.Deeds, Is.EqualTo(["abort", "abort"]));
        Assert.That(events.OfType<AbortRequested>(), Has.Exactly(1).Items);
    }

    [Test]
    public async Task A_build_that_ends_before_the_abort_arrives_has_ended()
    {
        _slave.OnAbort = () => throw ScriptedSlave.Fault; // "not building"
        _slave.Does(AbortNow, () => Waiting());

        Assert.That(((BuildEnded)(await WatchAsync())[^1]).Reply.BuildStatus, Is.EqualTo(BuildStatus.Ok));
    }

    [Test]
    public async Task A_slave_that_does_not_stop_is_given_up_after_the_time_it_has()
    {
        _slave.Does(AbortNow, () => Aborting);
        var start = _time.GetUtcNow();

        await Assert.ThatAsync(() => WatchAsync(new MonitorOptions { PollInterval = Seconds(100) }), Throws.TypeOf<AbortTimeoutException>());
        Assert.That(_time.GetUtcNow() - start, Is.EqualTo(Seconds(180)));
    }

    [Test]
    public async Task A_slave_that_cannot_be_reached_any_more_is_given_up_then_too()
    {
        _slave.Does(AbortNow, Break);

        await Assert.ThatAsync(() => WatchAsync(new MonitorOptions { MaxFailures = 1000 }), Throws.TypeOf<AbortTimeoutException>());
    }

    [Test]
    public async Task Who_stops_watching_leaves_the_build_alone()
    {
        using var stop = new CancellationTokenSource();
        _slave.Does(() =>
        {
            stop.Cancel();
            return Building();
        });

        await Assert.ThatAsync(() => WatchAsync(cancellationToken: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_slave.Deeds, Is.Empty);
    }

    [Test]
    public async Task The_log_is_told_as_it_grows_and_to_its_end()
    {
        _slave.Does(() => Log("one\n"), () => Log("one\ntwo\n"), () => Log("one\ntwo\n"), () => Log("one\ntwo\nend", Waiting()));

        var events = await WatchAsync();

        Assert.That(events.OfType<LogGrew>().Select(grew => grew.Offset), Is.EqualTo([0, 4, 8]));
        Assert.That(events.Log(), Is.EqualTo("one\ntwo\nend"));
    }

    [Test]
    public async Task Nobody_reads_the_log_when_nobody_wants_it()
    {
        _slave.Does(() => Log("one\n"), () => Waiting());

        await WatchAsync(new MonitorOptions { FollowLog = false });

        Assert.That(_slave.Calls, Is.All.EqualTo("status"));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void Options_that_make_no_sense_are_refused(int seconds)
    {
        Assert.That(() => new MonitorOptions { PollInterval = Seconds(seconds) }, Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new MonitorOptions { MaxFailures = seconds }, Throws.InstanceOf<ArgumentException>());
    }

    private static TimeSpan Seconds(double count) => TimeSpan.FromSeconds(count);

    private static StatusReply Break() => throw ScriptedSlave.Broken;

    private StatusReply AbortNow()
    {
        _abort.Cancel();
        return Building();
    }

    private StatusReply Log(string log, StatusReply? reply = null)
    {
        _slave.Files["buildlog"] = Bytes(log);
        return reply ?? Building();
    }

    private BuildMonitor Monitor(MonitorOptions options, TimeProvider time) =>
        new(_slave, options, time, new RecordingLogger<BuildMonitor>());

    private Task<List<BuildEvent>> WatchAsync(MonitorOptions? options = null, CancellationToken? cancellationToken = null) =>
        Monitor(options ?? new MonitorOptions(), _time)
            .WatchAsync(Cookie, _abort.Token, cancellationToken ?? TestContext.CurrentContext.CancellationToken).ToListAsync();
}
