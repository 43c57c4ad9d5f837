using System.Collections.Concurrent;
using Buildd.Linux.Systemd;
using Buildd.Testing.Files;
using Buildd.Testing.Servers;
using Microsoft.Extensions.Hosting.Systemd;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Systemd;

/// <summary>With real sockets of the kind at which systemd listens.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ServiceNotifierTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ConcurrentQueue<string> _lost = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Systemd_is_notified_at_a_socket_in_a_folder()
    {
        using var socket = new NotifySocket(_folder["notify"]);

        await ReceivesAsync(socket);
    }

    [Test]
    public async Task Systemd_is_notified_at_an_abstract_socket()
    {
        using var socket = new NotifySocket();

        await ReceivesAsync(socket);
    }

    private async Task ReceivesAsync(NotifySocket socket)
    {
        var notifier = Notifier(socket.Notifier());

        notifier.Notify(ServiceNotifier.Ready);
        Assert.That(notifier.Alive());
        notifier.Reloading(TimeSpan.FromMilliseconds(1.5));
        Assert.That(notifier.Status("building X\nSTOPPING=1"));
        notifier.Notify(ServiceNotifier.Stopping);

        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("READY=1"));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("WATCHDOG=1"));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("RELOADING=1\nMONOTONIC_USEC=1500"));
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("STATUS=building X?STOPPING=1"), "a build's name is one line");
        Assert.That(await socket.ReceiveAsync(), Is.EqualTo("STOPPING=1"));
        Assert.That(_lost, Is.Empty);
    }

    [TestCase(null)]
    [TestCase("")]
    public void Without_systemd_nobody_is_notified(string? address)
    {
        var notifier = Notifier(NotifySocket.NotifierFor(address));

        notifier.Notify(ServiceNotifier.Ready);

        Assert.That(notifier.IsEnabled, Is.False);
        Assert.That(Notifier(null).IsEnabled, Is.False);
        Assert.That(() => Notifier(null).Notify(ServiceNotifier.Ready), Throws.Nothing);
        Assert.That(_lost, Is.Empty);
    }

    [TestCase("/none/notify")]
    [TestCase("@buildd-test-none")]
    [TestCase("vsock:2:1234", Description = "systemd's, for the first process of a virtual machine: not supported")]
    [TestCase("/too/long/for/a/socket/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789")]
    public void A_systemd_that_can_not_be_reached_is_one_warning(string address)
    {
        var notifier = Notifier(NotifySocket.NotifierFor(address));

        notifier.Notify(ServiceNotifier.Ready);
        Assert.That(notifier.Alive(), Is.False);
        Assert.That(notifier.Status("idle"), Is.False);

        Assert.That(_lost, Is.EqualTo(new[] { "READY=1" }));
    }

    [Test]
    public async Task A_systemd_that_was_reached_in_between_is_another_warning()
    {
        var notifier = Notifier(NotifySocket.NotifierFor(_folder["notify"]));

        notifier.Notify(ServiceNotifier.Ready);
        using (var socket = new NotifySocket(_folder["notify"]))
        {
            Assert.That(notifier.Alive());
            Assert.That(await socket.ReceiveAsync(), Is.EqualTo("WATCHDOG=1"));
        }

        notifier.Alive();
        notifier.Alive();

        Assert.That(_lost, Is.EqualTo(new[] { "READY=1", "WATCHDOG=1" }));
    }

    private ServiceNotifier Notifier(SystemdNotifier? systemd) =>
        new(systemd is { IsEnabled: true } ? state => systemd.Notify(new ServiceState(state)) : null, (_, state) => _lost.Enqueue(state));
}
