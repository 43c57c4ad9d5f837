using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace Buildd.Benchmarks.Harness;

/// <summary>
/// A connection over which requests are sent and answers thrown away. It does next to nothing itself: a complete client
/// would take more time than the servers that are to be compared.
/// </summary>
/// <remarks>Understands answers with Content-Length and nothing else, which is what both sides send.</remarks>
internal sealed class KeptConnection : IDisposable
{
    private const int BufferBytes = 256 * 1024;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[BufferBytes];

    private KeptConnection()
    {
    }

    internal static async Task<KeptConnection> OpenAsync(Uri server, CancellationToken cancellationToken)
    {
        var connection = new KeptConnection();
        await connection._socket.ConnectAsync(server.Host, server.Port, cancellationToken);
        return connection;
    }

    /// <summary>A request for <see cref="SendAsync"/>.</summary>
    internal static byte[] Request(string method, Uri server, string path, ReadOnlySpan<byte> body = default)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: {server.Authority}\r\n"
            + (body.IsEmpty ? "\r\n" : $"Content-Type: text/xml\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Sends a request and reads the answer to its end.</summary>
    /// <returns>The length of the answer's body in bytes.</returns>
    /// <exception cref="BenchmarkException">The answer is not a 200 with a length.</exception>
    internal async Task<long> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        await _socket.SendAsync(request, cancellationToken);
        var count = 0;
        int head;
        do
        {
            count += await ReceiveAsync(_buffer.AsMemory(count), cancellationToken);
            head = _buffer.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
        }
        while (head < 0);

        var length = ReadLength(_buffer.AsSpan(0, head + 2));
        for (var rest = length - (count - head - 4); rest > 0;)
            rest -= await ReceiveAsync(_buffer.AsMemory(0, (int)Math.Min(rest, BufferBytes)), cancellationToken);
        return length;
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        await _socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var count
            ? count
            : throw new BenchmarkException("the server closed the connection in the middle of an answer, or its head is too long");

    private static long ReadLength(ReadOnlySpan<byte> head)
    {
        var field = head.IndexOf("\r\nContent-Length: "u8);
        if (head.StartsWith("HTTP/1.1 200 "u8) && field >= 0
            && Utf8Parser.TryParse(head[(field + "\r\nContent-Length: ".Length)..], out long length, out _))
        {
            return length;
        }

        throw new BenchmarkException($"the answer is not a 200 with a length: {Encoding.ASCII.GetString(head)}");
    }
}
