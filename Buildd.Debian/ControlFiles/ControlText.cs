using System.Text;

namespace Buildd.Debian.ControlFiles;

/// <summary>Takes bytes apart into numbered lines of text.</summary>
internal static class ControlText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines without their ends (LF or CR LF). A last line needs no end.</summary>
    public static IEnumerable<ControlLine> Lines(string file, ReadOnlyMemory<byte> content)
    {
        for (var number = 1; !content.IsEmpty; number++)
        {
            var end = content.Span.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            content = end < 0 ? default : content[(end + 1)..];
            yield return new ControlLine(number, Decode(file, number, line.Span));
        }
    }

    private static string Decode(string file, int number, ReadOnlySpan<byte> line)
    {
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        if (line.Contains((byte)0))
            throw new ControlFileException(file, number, "has a NUL in it");
        try
        {
            return StrictUtf8.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            throw new ControlFileException(file, number, "is not UTF-8");
        }
    }
}
