using System.Text;

namespace Buildd.Debian.ControlFiles;

/// <summary>Splits bytes into numbered lines of text.</summary>
internal static class ControlText
{
    /// <summary>White space within a line, as dpkg has it: CR is some of it, so lines may end in CR LF.</summary>
    public static readonly char[] Blanks = [' ', '\t', '\r', '\v', '\f'];

    /// <summary>
    /// What Windows-1252 has for the bytes from 0x80 to 0x9F, where Latin-1 has control characters that no text has; those of the five
    /// bytes that it leaves out stay.
    /// </summary>
    private const string Windows1252 =
        "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F"
        + "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

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

    /// <summary>
    /// Decodes a line: dpkg takes any bytes, and changelogs of old packages are in Latin-1 or Windows-1252, some of them in parts only.
    /// </summary>
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
            return string.Concat(Encoding.Latin1.GetString(line).Select(c => c is >= '\u0080' and <= '\u009F' ? Windows1252[c - 0x80] : c));
        }
    }
}
