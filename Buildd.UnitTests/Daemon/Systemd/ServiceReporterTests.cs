using Buildd.Daemon.Systemd;
using Buildd.Linux.Systemd;
using Buildd.Protocol.Messages;
using Buildd.Slave.Lifecycle;
using Buildd.Testing.Runs;
using Buildd.Testing.Servers;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Hosting.Systemd;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Systemd;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ServiceReporterTests : IDisposable
{
    private static readonly BuilderActivity Idle = new(BuilderStatus.Idle, null, null, null);

    private readonly NotifySocket _socket = new();
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _socket.Dispose();
        _stop.Dispose();
    }

    private static IEnumerable<TestCaseData> Activities()
    {
        yield return new TestCaseData(Idle, "idle; listens at http://x");
        yield return new TestCaseData(
            new BuilderActivity(BuilderStatus.Building, "B-1", "binarypackage", null), "building B-1 (binarypackage)");
        yield return new TestCaseData(
            new BuilderActivity(BuilderStatus.Building, "B-1", "binarypackage", "sbuild"), "building B-1 (binarypackage): sbuild");
        yield return new TestCaseData(
            new BuilderActivity(BuilderStatus.Aborting, "B-1", "binarypackage", "sbuild"), "aborting B-1 (binarypackage)");
        yield return new TestCaseData(
            new BuilderActivity(BuilderStatus.Waiting, "B-1", "binarypackage", "cleanup"),
            "waiting for the master to fetch B-1 (binarypackage)");
    }

    [TestCaseSource(nameof(Activities))]
    public void What_the_builder_does_is_a_line(BuilderActivity activity, string line) =>
        Assert.That(Reporter(TimeProvider.System, () => activity, null).Describe(activity), Is.EqualTo(line));

    [Test]
    public async Task Changes_are_told_once_and_signs_of_life_in_time()
    {
        var time = new ManualTimeProvider();
        var now = Idle;
        var run = Reporter(time, () => now, TimeSpan.FromSeconds(6)).RunAsync(_stop.Token);
        Assert.That(await _socket.ReceiveAsync(), Is.EqualTo("STATUS=idle; listens at http://x"));

        await AdvanceAsync(time, wait: 1);
        await AdvanceAsync(time, wait: 2);
        Assert.That(await _socket.ReceiveAsync(), Is.EqualTo("WATCHDOG=1"), "nothing has changed, and a third of the time is over");
        now = new BuilderActivity(BuilderStatus.Building, "B-1", "livefs", "init");
        await AdvanceAsync(time, wait: 3);
        Assert.That(await _socket.ReceiveAsync(), Is.EqualTo("STATUS=building B-1 (livefs): init"));

        await _stop.CancelAsync();
        await run;
    }

    [Test]
    public async Task A_builder_that_is_stuck_gives_no_sign_of_life()
    {
        var time = new ManualTimeProvider();
        using var stuck = new SemaphoreSlim(0);
        var looked = new TaskCompletionSource();
        var run = Task.Run(() => Reporter(
            time,
            () =>
            {
                looked.TrySetResult();
                stuck.Wait(TestContext.CurrentContext.CancellationToken);
                return Idle;
            },
            TimeSpan.FromSeconds(6)).RunAsync(_stop.Token));
        await looked.Task;

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(_socket.IsEmpty);
        stuck.Release(2);
        Assert.That(await _socket.ReceiveAsync(), Does.StartWith("STATUS=idle"));
        await _stop.CancelAsync();
        await run;
    }

    [Test]
    public void Without_systemd_the_builder_is_left_alone() =>
        Assert.That(new ServiceReporter(
            new ServiceNotifier(null, (_, _) => { }), null, () => throw new InvalidOperationException("asked"), "", TimeProvider.System)
            .RunAsync(_stop.Token).IsCompletedSuccessfully);

    private ServiceReporter Reporter(TimeProvider time, Func<BuilderActivity> look, TimeSpan? watchdog) =>
        new(
            new ServiceNotifier(state => _socket.Notifier().Notify(new ServiceState(state)), (_, _) => { }), watchdog, look, "http://x",
            time);

    /// <summary>A second passes once the reporter waits for the so-and-so-manyth time.</summary>
    private static async Task AdvanceAsync(ManualTimeProvider time, int wait)
    {
        await Until.TrueAsync(() => time.Waits.Count >= wait);
        time.Advance(TimeSpan.FromSeconds(1));
    }
}
