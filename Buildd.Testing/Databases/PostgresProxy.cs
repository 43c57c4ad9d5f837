using System.Net.Sockets;
using System.Text;
using Buildd.Testing.Files;

namespace Buildd.Testing.Databases;

/// <summary>A way to a server of PostgreSQL that breaks at a chosen moment. Any thread may use it.</summary>
public sealed class PostgresProxy : IAsyncDisposable
{
    /// <summary>The message that ends a transaction, as it is sent: see "Query" in the manual's chapter on its messages.</summary>
    public const string Commit = "COMMIT\0";

    private readonly TemporaryDirectory _folder = new();
    private readonly PostgresServer _server;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private readonly Task _accepting;
    private (string Text, CutMoment Moment)? _cut;

    /// <summary>Opens a way to a server.</summary>
    public PostgresProxy(PostgresServer server)
    {
        _server = server;
        _listener.Bind(new UnixDomainSocketEndPoint(SocketOf(_folder.Path)));
        _listener.Listen(100);
        _accepting = AcceptAsync();
    }

    /// <summary>Npgsql's words for the database at its end.</summary>
    public string ConnectionString => $"Host={_folder.Path};Username=farm;Database=postgres";

    /// <summary>How many connections it has cut because of what they sent.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cuts the next connection whose client sends a text, once.</summary>
    public void CutAt(string text, CutMoment moment)
    {
        lock (_lock)
            _cut = (text, moment);
    }

    /// <summary>Cuts all connections that there are.</summary>
    public void CutAll()
    {
        lock (_lock)
        {
            foreach (var socket in _open)
                socket.Dispose();
            _open.Clear();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        CutAll();
        _folder.Dispose();
    }

    private static string SocketOf(string folder) => Path.Combine(folder, ".s.PGSQL.5432");

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // that is how it ends
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        lock (_lock)
            _open.AddRange([client, server]);
        var dropsReply = false;
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(SocketOf(_server.Folder)));
            await Task.WhenAny(PumpAsync(client, server, Sent), PumpAsync(server, client, Replied));
        }
        catch (SocketException)
        {
            // there is no server now
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }

        // Whether the connection is cut instead of bytes being passed on, or after that.
        CutMoment? Sent(ReadOnlySpan<byte> bytes)
        {
            lock (_lock)
            {
                if (_cut is not { } cut || bytes.IndexOf(Encoding.ASCII.GetBytes(cut.Text)) < 0)
                    return null;
                _cut = null;
                Cuts++;
                dropsReply = cut.Moment == CutMoment.AfterReply;
                return dropsReply ? null : cut.Moment;
            }
        }

        CutMoment? Replied(ReadOnlySpan<byte> bytes) => dropsReply ? CutMoment.Before : null;
    }

    private static async Task PumpAsync(Socket from, Socket to, LookAt look)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                var moment = look(buffer.AsSpan(0, count));
                if (moment == CutMoment.Before)
                    return;
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                if (moment == CutMoment.Sent)
                    return;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // one of the two ends has gone
        }
    }

    private delegate CutMoment? LookAt(ReadOnlySpan<byte> bytes);
}

/// <summary>When a connection is cut whose client sends a text.</summary>
public enum CutMoment
{
    /// <summary>Before the server gets it.</summary>
    Before,

    /// <summary>As soon as it is on its way; what the server does is up to it.</summary>
    Sent,

    /// <summary>When the server has answered; the client does not get the answer.</summary>
    AfterReply,
}
