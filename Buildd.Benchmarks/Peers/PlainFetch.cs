using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Buildd.Benchmarks.Harness;

namespace Buildd.Benchmarks.Peers;

/// <summary>
/// What fetching a file into a cache costs at least: a loop that receives, sums up and writes, in a process of its own, with blocking calls
/// and one buffer of the size that the slave has.
/// </summary>
internal static class PlainFetch
{
    /// <summary>The first argument of this program that makes it the fetching process; the address and the file to write follow.</summary>
    internal const string Argument = "plain-fetch";

    private const int BufferBytes = 256 * 1024;

    /// <summary>Runs in that process: prints the sum, and the processor time of the loop in seconds.</summary>
    internal static async Task<int> RunAsync(Uri source, string path)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(source.Host, source.Port);
        socket.Send(KeptConnection.Request("GET", source, source.AbsolutePath));
        var buffer = new byte[BufferBytes];
        var count = 0;
        int head;
        do
        {
            count += socket.Receive(buffer, count, BufferBytes - count, SocketFlags.None);
            head = buffer.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
        }
        while (head < 0);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, preallocationSize: InputFile.Bytes);
        var before = Environment.CpuUsage.TotalTime;
        var written = 0L;
        for (var piece = buffer.AsMemory(head + 4, count - head - 4); ; piece = buffer.AsMemory(0, socket.Receive(buffer)))
        {
            hash.AppendData(piece.Span);
            RandomAccess.Write(file, piece.Span, written);
            written += piece.Length;
            if (written == InputFile.Bytes)
                break;
            if (piece.Length == 0 && written > 0)
                throw new BenchmarkException("the server closed the connection in the middle of the file");
        }

        var used = Environment.CpuUsage.TotalTime - before;
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(hash.GetHashAndReset())} {used.TotalSeconds:0.000}"));
        return 0;
    }
}
