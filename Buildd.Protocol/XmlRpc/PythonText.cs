using System.Globalization;
using System.Text;

namespace Buildd.Protocol.XmlRpc;

/// <summary>Text quoted as Python quotes it, for messages that are the reference's.</summary>
internal static class PythonText
{
    /// <summary>How much of a text a message repeats. The reference repeats all of it; no client reads it.</summary>
    private const int MaxQuoted = 200;

    /// <summary>
    /// The text in quotes: single ones, or double ones if there are single but no double ones inside; backslash,
    /// quotes, line ends and control characters escaped. Long text is cut.
    /// </summary>
    public static string Repr(ReadOnlySpan<char> text)
    {
        var cut = text.Length > MaxQuoted;
        if (cut)
            text = text[..MaxQuoted];
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';

        var result = new StringBuilder().Append(quote);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\\' => result.Append("\\\\"),
                _ when c == quote => result.Append('\\').Append(c),
                < ' ' or (>= '\x7f' and <= '\xa0') or '\xad' =>
                    result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => result.Append(c),
            };
        }

        return result.Append(quote).Append(cut ? "..." : "").ToString();
    }
}
