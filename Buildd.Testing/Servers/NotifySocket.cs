using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting.Systemd;
using NUnit.Framework;

namespace Buildd.Testing.Servers;

/// <summary>A socket like the one at which systemd listens for a service's notifications.</summary>
public sealed class NotifySocket : IDisposable
{
    private const string Variable = "NOTIFY_SOCKET";

    /// <summary>A process has one environment, and a notifier can get its address from nowhere else.</summary>
    private static readonly Lock Environments = new();

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <summary>Listens at an address.</summary>
    /// <param name="address">As <c>NOTIFY_SOCKET</c> has it: a path, or a name of the abstract namespace with @ before it.</param>
    public NotifySocket(string address)
    {
        Address = address;
        _socket.Bind(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
    }

    /// <summary>Listens at an abstract name that nobody else has.</summary>
    public NotifySocket()
        : this($"@buildd-test-{Guid.NewGuid():N}")
    {
    }

    /// <summary>What <c>NOTIFY_SOCKET</c> has to say.</summary>
    public string Address { get; }

    /// <summary>Whether nothing has been received that was not read.</summary>
    public bool IsEmpty => _socket.Available == 0;

    /// <summary>A notifier for this socket.</summary>
    public SystemdNotifier Notifier() => NotifierFor(Address);

    /// <summary>A notifier for an address.</summary>
    public static SystemdNotifier NotifierFor(string? address) => With(address, () => new SystemdNotifier());

    /// <summary>Does something while <c>NOTIFY_SOCKET</c> is set.</summary>
    public static T With<T>(string? address, Func<T> work)
    {
        lock (Environments)
        {
            Environment.SetEnvironmentVariable(Variable, address);
            try
            {
                return work();
            }
            finally
            {
                Environment.SetEnvironmentVariable(Variable, null);
            }
        }
    }

    /// <summary>The next notification.</summary>
    public async Task<string> ReceiveAsync()
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, TestContext.CurrentContext.CancellationToken));
    }

    public void Dispose() => _socket.Dispose();
}
