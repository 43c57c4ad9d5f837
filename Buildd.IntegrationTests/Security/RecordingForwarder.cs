using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Buildd.IntegrationTests.Security;

/// <summary>Stands between clients and a slave, and keeps every byte that the slave sends, a connection at a time.</summary>
internal sealed class RecordingForwarder : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<MemoryStream> _recordings = [];
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly int _port;
    private readonly Task _accepting;

    internal RecordingForwarder(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal Uri Url => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>Ends all connections.</summary>
    /// <returns>What the slave sent on each.</returns>
    internal async Task<IReadOnlyList<byte[]>> StopAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        return [.. _recordings.Select(recording => recording.ToArray())];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ForwardAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // stopped
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        var recording = new MemoryStream();
        _recordings.Add(recording);
        using var slave = new TcpClient();
        using (client)
        {
            try
            {
                await slave.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
                var there = client.GetStream().CopyToAsync(slave.GetStream(), _stop.Token);
                var buffer = new byte[16 * 1024];
                for (int count; (count = await slave.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
                {
                    recording.Write(buffer, 0, count);
                    await client.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
                }

                client.Client.Shutdown(SocketShutdown.Send);
                await there;
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // one of them has gone, or all is over
            }
        }
    }
}
