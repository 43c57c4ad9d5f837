using System.Net.Sockets;
using System.Text;
using Buildd.Daemon.Systemd;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Systemd;

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
