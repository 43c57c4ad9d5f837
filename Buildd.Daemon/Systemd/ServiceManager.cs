using System.Net.Sockets;
using System.Text;

namespace Buildd.Daemon.Systemd;

/// <summary>Tells systemd how the service is doing, by the protocol of sd_notify(3). Without systemd it tells nobody.</summary>
internal sealed class ServiceManager
{
    private const string Variable = "NOTIFY_SOCKET";

    private readonly string? _path;

    internal ServiceManager(string? path) => _path = path;

    /// <summary>Takes the socket from the environment, and out of it: what builds start shall not speak for us.</summary>
    internal static ServiceManager TakeFromEnvironment()
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
        return new ServiceManager(path);
    }

    /// <summary>The service listens.</summary>
    /// <exception cref="SocketException">There is a socket and it can't be reached.</exception>
    internal void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>The service has begun to stop.</summary>
    /// <exception cref="SocketException">There is a socket and it can't be reached.</exception>
    internal void Stopping() => Send("STOPPING=1");

    private void Send(string state)
    {
        if (string.IsNullOrEmpty(_path))
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_path[0] == '@' ? '\0' + _path[1..] : _path)); // @ stands for an abstract name
        socket.Send(Encoding.UTF8.GetBytes(state));
    }
}
