namespace Buildd.Slave.Logs;

/// <summary>The shape in which the end of a log that may hold secrets goes over the wire.</summary>
/// <remarks>
/// The reference takes the last <see cref="BuildLog.TailBytes"/> bytes of such a log apart into lines, to remove secrets
/// from each. Clients see the traces of that, and scripts of some people know them: the first line is missing whether or
/// not it was whole, every line end is a LF, and the one at the very end is gone.
/// </remarks>
internal static class LogTail
{
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';

    /// <summary>Brings a tail into shape. Lines end with LF, CR or CR LF.</summary>
    internal static ReadOnlyMemory<byte> OfPrivateLog(ReadOnlySpan<byte> tail)
    {
        var result = new byte[tail.Length];
        var length = 0;
        var rest = AfterLine(tail);
        while (!rest.IsEmpty)
        {
            var next = AfterLine(rest);
            var line = rest[..LineLength(rest)];
            line.CopyTo(result.AsSpan(length));
            length += line.Length;
            if (!next.IsEmpty)
                result[length++] = Lf;
            rest = next;
        }

        return result.AsMemory(0, length);
    }

    private static int LineLength(ReadOnlySpan<byte> text) => text.IndexOfAny(Cr, Lf) is var end and >= 0 ? end : text.Length;

    private static ReadOnlySpan<byte> AfterLine(ReadOnlySpan<byte> text)
    {
        var end = LineLength(text);
        return text[end..] switch
        {
            [Cr, Lf, ..] => text[(end + 2)..],
            [_, ..] => text[(end + 1)..],
            [] => [],
        };
    }
}
