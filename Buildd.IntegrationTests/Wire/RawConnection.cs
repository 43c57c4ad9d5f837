using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buildd.IntegrationTests.Wire;

/// <summary>A client that sends bytes as they are, and takes apart what comes back without expecting anything of it.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };

    private RawConnection()
    {
    }

    internal static async Task<RawConnection> OpenAsync(int port, CancellationToken cancellationToken)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return connection;
    }

    internal ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _client.GetStream().WriteAsync(bytes, cancellationToken);

    /// <summary>Reads one answer; null when the connection was closed instead.</summary>
    internal async Task<RawAnswer?> ReceiveAsync(bool isHead, CancellationToken cancellationToken)
    {
        try
        {
            return await RawAnswer.ReadAsync(_client.GetStream(), isHead, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return null; // closed with bytes of ours unread
        }
    }

    /// <summary>Reads to the connection's end.</summary>
    internal async Task EndedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.GetStream().CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // closed with bytes of ours unread
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>One answer as it came.</summary>
/// <param name="StatusLine">Its first line.</param>
/// <param name="Fields">The header fields, in order.</param>
/// <param name="Body">The body, its chunks put together; to the end of the connection where no length is said.</param>
internal sealed record RawAnswer(string StatusLine, IReadOnlyList<string> Fields, byte[] Body)
{
    internal int Status => int.Parse(StatusLine.Split(' ')[1], CultureInfo.InvariantCulture);

    internal string? Field(string name) => Fields
        .Where(field => field.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(field => field[(name.Length + 1)..].Trim())
        .FirstOrDefault();

    /// <summary>Takes the answers of a recording apart.</summary>
    internal static async Task<List<RawAnswer>> ReadAllAsync(byte[] recording, bool isHead)
    {
        var stream = new MemoryStream(recording);
        var answers = new List<RawAnswer>();
        while (await ReadAsync(stream, isHead, CancellationToken.None) is { } answer)
            answers.Add(answer);
        return answers;
    }

    internal static async Task<RawAnswer?> ReadAsync(Stream stream, bool isHead, CancellationToken cancellationToken)
    {
        if (await ReadLineAsync(stream, cancellationToken) is not { } statusLine)
            return null;

        var fields = new List<string>();
        while (await ReadLineAsync(stream, cancellationToken) is { Length: > 0 } field)
            fields.Add(field);
        var answer = new RawAnswer(statusLine, fields, []);
        if (isHead || answer.Status is 100 or 204 or 304)
            return answer;

        var body = new MemoryStream();
        if (answer.Field("Transfer-Encoding") == "chunked")
        {
            while (
                long.Parse(
                    (await ReadLineAsync(stream, cancellationToken))!, NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture) is var length and > 0)
            {
                await CopyAsync(stream, body, length, cancellationToken);
                await ReadLineAsync(stream, cancellationToken);
            }

            await ReadLineAsync(stream, cancellationToken);
        }
        else if (answer.Field("Content-Length") is { } length)
        {
            await CopyAsync(stream, body, long.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }
        else
        {
            await stream.CopyToAsync(body, cancellationToken);
        }

        return answer with { Body = body.ToArray() };
    }

    private static async Task CopyAsync(Stream from, MemoryStream to, long count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await from.ReadExactlyAsync(bytes, cancellationToken);
        to.Write(bytes);
    }

    /// <summary>A line without its end; null at the end of the stream.</summary>
    private static async Task<string?> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new MemoryStream();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) > 0)
        {
            line.WriteByte(one[0]);
            if (line.Length >= 2 && line.GetBuffer().AsSpan(0, (int)line.Length).EndsWith("\r\n"u8))
                return Encoding.Latin1.GetString(line.GetBuffer(), 0, (int)line.Length - 2);
        }

        return line.Length == 0 ? null : throw new FormatException($"no end of the line '{Encoding.Latin1.GetString(line.ToArray())}'");
    }
}
