using Buildd.Linux.Systemd;
using Buildd.Testing.Servers;
using Microsoft.Extensions.Hosting.Systemd;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Systemd;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class ServiceEnvironmentTests
{
    [Test]
    public async Task The_variables_are_used_and_nothing_that_is_started_inherits_them()
    {
        using var socket = new NotifySocket();

        var (taken, left) = NotifySocket.With(socket.Address, () =>
        {
            Environment.SetEnvironmentVariable("WATCHDOG_USEC", "60000000");
            Environment.SetEnvironmentVariable("WATCHDOG_PID", $"{Environment.ProcessId}");
            return (
                ServiceEnvironment.Take(() => new SystemdNotifier()), Environment.GetEnvironmentVariables().Keys.Cast<string>().ToList());
        });
        taken.Notifier.Notify(ServiceState.Ready);

        Assert.That(left, Has.None.EqualTo("NOTIFY_SOCKET").And.None.StartsWith("WATCHDOG_"));
        Assert.That(taken.Watchdog, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("READY=1"));
    }

    [Test]
    public void Without_systemd_there_is_nothing() =>
        Assert.That(
            NotifySocket.With(null, () => ServiceEnvironment.Take(() => new SystemdNotifier().IsEnabled)),
            Is.EqualTo((false, (TimeSpan?)null)));

    [TestCase("60000000", null, 60.0)]
    [TestCase("60000000", "42", 60.0)]
    [TestCase("60000000", "43", null)]
    [TestCase("0", null, null)]
    [TestCase("-1", null, null)]
    [TestCase("soon", null, null)]
    [TestCase(null, null, null)]
    public void The_watchdog_is_on_when_systemd_says_so_to_this_process(string? microseconds, string? pid, double? seconds) =>
        Assert.That(ServiceEnvironment.ParseWatchdog(microseconds, pid, ownPid: 42)?.TotalSeconds, Is.EqualTo(seconds));
}
