namespace Buildd.Backends.Commands;

/// <summary>
/// Removes from a line what only a terminal understands (ECMA-48): colours, and the links that compilers write where they are told to have
/// colours always.
/// </summary>
internal static class TerminalCodes
{
    private const byte Escape = 0x1B;
    private const byte Bell = 0x07;

    /// <summary>Returns the line itself where there is nothing to remove, or what is left of it, in the buffer.</summary>
    /// <param name="line">The line.</param>
    /// <param name="buffer">As long as the line or longer.</param>
    internal static ReadOnlySpan<byte> Remove(ReadOnlySpan<byte> line, Span<byte> buffer)
    {
        if (!line.Contains(Escape))
            return line;
        var length = 0;
        while (line.IndexOf(Escape) is >= 0 and var start)
        {
            line[..start].CopyTo(buffer[length..]);
            length += start;
            line = line[(start + LengthOfCode(line[start..]))..];
        }

        line.CopyTo(buffer[length..]);
        return buffer[..(length + line.Length)];
    }

    /// <summary>The length of the code at the beginning. One without an end goes to the end of the line.</summary>
    private static int LengthOfCode(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
            return text.Length;
        int end;
        switch (text[1])
        {
            case (byte)'[': // parameters, and a letter or sign
                end = text[2..].IndexOfAnyInRange((byte)'@', (byte)'~');
                return end < 0 ? text.Length : end + 3;
            case (byte)']': // text up to a bell or ESC \
                end = text[2..].IndexOfAny(Bell, Escape);
                return end < 0 ? text.Length : text[end + 2] == Bell ? end + 3 : Math.Min(end + 4, text.Length);
            default:
                return 2;
        }
    }
}
