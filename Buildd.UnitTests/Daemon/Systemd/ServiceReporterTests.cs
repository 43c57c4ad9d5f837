using System.Net.Sockets;
using System.Text;
using Buildd.Daemon.Systemd;
using Buildd.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Lifecycle;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Systemd;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ServiceReporterTests : IDisposable
{
    private static readonly BuilderActivity Idle = new(BuilderStatus.Idle, null, null, null);

    private readonly TemporaryDirectory _folder = new();
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();

    public ServiceReporterTests() => _socket.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));

    public void Dispose()
    {
        _socket.Dispose();
        _folder.Dispose();
        _stop.Dispose();
    }

    private static IEnumerable<TestCaseData> Activities()
    {
        yield return new TestCaseData(Idle, "idle; listens at http://x");
        yield return new TestCaseData(new BuilderActivity(BuilderStatus.Building, "B-1", "binarypackage", null), "building B-1 (binarypackage)");
        yield return new TestCaseData(new BuilderActivity(BuilderStatus.Building, "B-1", "binarypackage", "sbuild"), "building B-1 (binarypackage): sbuild");
        yield return new TestCaseData(new BuilderActivity(BuilderStatus.Aborting, "B-1", "binarypackage", "sbuild"), "aborting B-1 (binarypackage)");
        yield return new TestCaseData(new BuilderActivity(BuilderStatus.Waiting, "B-1", "binarypackage", "cleanup"), "waiting for the master to fetch B-1 (binarypackage)");
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
        Assert.That(await ReceiveAsync(), Is.EqualTo("STATUS=idle; listens at http://x"));

        await AdvanceAsync(time, wait: 1);
        await AdvanceAsync(time, wait: 2);
        Assert.That(await ReceiveAsync(), Is.EqualTo("WATCHDOG=1"), "nothing has changed, and a third of the time is over");
        now = new BuilderActivity(BuilderStatus.Building, "B-1", "livefs", "init");
        await AdvanceAsync(time, wait: 3);
        Assert.That(await ReceiveAsync(), Is.EqualTo("STATUS=building B-1 (livefs): init"));

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

        Assert.That(_socket.Available, Is.Zero);
        stuck.Release(2);
        Assert.That(await ReceiveAsync(), Does.StartWith("STATUS=idle"));
        await _stop.CancelAsync();
        await run;
    }

    [Test]
    public void Without_systemd_the_builder_is_left_alone() =>
        Assert.That(new ServiceReporter(new ServiceManager(null), () => throw new InvalidOperationException("asked"), "", TimeProvider.System, NullLogger.Instance)
            .RunAsync(_stop.Token).IsCompletedSuccessfully);

    private ServiceReporter Reporter(TimeProvider time, Func<BuilderActivity> look, TimeSpan? watchdog) =>
        new(new ServiceManager(_folder["notify"], watchdog), look, "http://x", time, NullLogger.Instance);

    /// <summary>A second passes once the reporter waits for the so-and-so-manyth time.</summary>
    private static async Task AdvanceAsync(ManualTimeProvider time, int wait)
    {
        while (time.Waits.Count < wait)
            await Task.Delay(5, TestContext.CurrentContext.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(1));
    }

    private async Task<string> ReceiveAsync()
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, TestContext.CurrentContext.CancellationToken));
    }
}
