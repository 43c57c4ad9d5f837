using System.Net.Sockets;
using System.Text;
using Buildd.Processes;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Processes;

/// <summary>With real sockets of the kind that systemd listens at.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ServiceManagerTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public void Dispose()
    {
        _socket.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Systemd_is_told_at_a_socket_in_a_folder()
    {
        _socket.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));
        var manager = new ServiceManager(_folder["notify"]);

        manager.Ready("listens at http://127.0.0.1:1");
        manager.Stopping();

        Assert.That(await ReceiveAsync(), Is.EqualTo("READY=1\nSTATUS=listens at http://127.0.0.1:1"));
        Assert.That(await ReceiveAsync(), Is.EqualTo("STOPPING=1"));
    }

    [Test]
    public async Task Systemd_is_told_at_an_abstract_socket()
    {
        var name = $"buildd-test-{Guid.NewGuid():N}";
        _socket.Bind(new UnixDomainSocketEndPoint('\0' + name));

        new ServiceManager('@' + name).Stopping();

        Assert.That(await ReceiveAsync(), Is.EqualTo("STOPPING=1"));
    }

    [Test]
    public async Task Systemd_is_told_that_it_lives_reloads_and_what_it_does()
    {
        _socket.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));
        var manager = new ServiceManager(_folder["notify"]);

        manager.Alive();
        manager.Reloading(TimeSpan.FromMilliseconds(1.5));
        manager.Reloaded();
        manager.Status("building X\nSTOPPING=1");

        Assert.That(await ReceiveAsync(), Is.EqualTo("WATCHDOG=1"));
        Assert.That(await ReceiveAsync(), Is.EqualTo("RELOADING=1\nMONOTONIC_USEC=1500"));
        Assert.That(await ReceiveAsync(), Is.EqualTo("READY=1"));
        Assert.That(await ReceiveAsync(), Is.EqualTo("STATUS=building X?STOPPING=1"), "a build's name is one line");
    }

    [TestCase("60000000", null, 60.0)]
    [TestCase("60000000", "42", 60.0)]
    [TestCase("60000000", "43", null)]
    [TestCase("0", null, null)]
    [TestCase("-1", null, null)]
    [TestCase("soon", null, null)]
    [TestCase(null, null, null)]
    public void The_watchdog_is_on_when_systemd_says_so_to_this_process(string? microseconds, string? pid, double? seconds) =>
        Assert.That(ServiceManager.ParseWatchdog(microseconds, pid, ownPid: 42)?.TotalSeconds, Is.EqualTo(seconds));

    [TestCase(null)]
    [TestCase("")]
    public void Without_systemd_nobody_is_told(string? path) =>
        Assert.That(() => new ServiceManager(path).Ready("fine"), Throws.Nothing);

    [Test]
    public void A_socket_that_nobody_listens_at_is_an_error_of_its_kind() =>
        Assert.That(() => new ServiceManager(_folder["none"]).Stopping(), Throws.InstanceOf<SocketException>());

    private async Task<string> ReceiveAsync()
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, TestContext.CurrentContext.CancellationToken));
    }
}
