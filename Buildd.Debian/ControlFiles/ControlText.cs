using System.Text;

namespace Buildd.Debian.ControlFiles;

/// <summary>Splits bytes into numbered lines of text.</summary>
internal static class ControlText
{
    /// <summary>White space within a line, as dpkg has it: CR is some of it, so lines may end in CR LF.</summary>
    public static readonly char[] Blanks = [' ', '\t', '\r', '\v', '\f'];

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Returns the lines without the LF at their end. The last line needs none.</summary>
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

    public static bool IsBlank(char c) => Array.IndexOf(Blanks, c) >= 0;

    /// <summary>Decodes a line: dpkg takes any bytes, and changelogs of old packages are in Latin-1, some of them in parts only.</summary>
    private static string Decode(string file, int number, ReadOnlySpan<byte> line)
    {
        if (line.Contains((byte)0))
            throw new ControlFileException(file, number, "has a NUL in it");
        try
        {
            return StrictUtf8.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(line);
        }
    }
}
