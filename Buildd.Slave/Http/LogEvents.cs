using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Buildd.Slave.Http;

/// <summary>
/// Writes a log as server-sent events (the HTML standard's <c>text/event-stream</c>): <c>id</c> is the offset in bytes behind
/// what the event holds, <c>data</c> its text.
/// </summary>
/// <remarks>Lines end with LF for whoever reads events, so CR and CR LF of the log become LF; what is not UTF-8 becomes U+FFFD.</remarks>
internal sealed class LogEvents(IBufferWriter<byte> output)
{
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';

    private bool _afterCr; // which ended the last event: a LF that follows belongs to it

    /// <summary>How much of these bytes is whole characters: all but the beginning of one that ends too early.</summary>
    internal static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var count = 1; count <= Math.Min(3, bytes.Length); count++)
        {
            var end = bytes[^count..];
            if ((end[0] & 0xC0) != 0x80) // no byte from the middle of a character
                return Rune.DecodeFromUtf8(end, out _, out _) == OperationStatus.NeedMoreData ? bytes.Length - count : bytes.Length;
        }

        return bytes.Length;
    }

    /// <summary>A part of the log.</summary>
    internal void WriteText(ReadOnlySpan<byte> text, long offsetBehind)
    {
        WriteField("id", offsetBehind);
        var rest = Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text));
        if (_afterCr && rest is [Lf, ..])
            rest = rest[1..];
        _afterCr = text is [.., Cr];
        while (true)
        {
            var end = rest.IndexOfAny(Cr, Lf);
            output.Write("data: "u8);
            output.Write(end < 0 ? rest : rest[..end]);
            output.Write("\n"u8);
            if (end < 0)
                break;
            rest = rest[end..] is [Cr, Lf, ..] ? rest[(end + 2)..] : rest[(end + 1)..];
        }

        output.Write("\n"u8);
    }

    /// <summary>Bytes of the log are not there any more: what follows is not what came behind.</summary>
    internal void WriteGap(long bytes) => WriteNumber("gap", bytes);

    /// <summary>The log was closed, and this is its length: nothing follows.</summary>
    internal void WriteEnd(long length)
    {
        WriteField("id", length);
        WriteNumber("end", length);
    }

    /// <summary>A comment, so that neither side takes a quiet connection for a dead one.</summary>
    internal void WriteHeartbeat() => output.Write(": still there\n\n"u8);

    private void WriteNumber(string name, long number)
    {
        output.Write("event: "u8);
        output.Write(Encoding.ASCII.GetBytes(name));
        output.Write("\n"u8);
        WriteField("data", number);
        output.Write("\n"u8);
    }

    private void WriteField(string name, long number) =>
        output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name}: {number}\n")));
}
