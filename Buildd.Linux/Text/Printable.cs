using System.Buffers;
using System.Globalization;
using System.Text;

namespace Buildd.Linux.Text;

/// <summary>
/// Makes text from outside (a build, a slave, a master, a file's name) fit to be shown: nothing in it commands a terminal, begins a line
/// of a log or reverses the direction of writing. Safe to call from any thread.
/// </summary>
public static class Printable
{
    /// <summary>Characters that command a terminal. Other format characters join emoji and letters, and a log may have them.</summary>
    private static readonly SearchValues<char> Commands = SearchValues.Create(
    [
        .. Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(c => (char.IsControl(c) && c is not ('\n' or '\t'))
            || c is '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069')),
    ]);

    /// <summary>
    /// Returns text of several lines, such as a log, without colours and bells: control characters other than line ends and tabs, and
    /// characters that change the direction of writing, are left out.
    /// </summary>
    public static string Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsText(text) ? text : new string([.. text.Where(c => !Commands.Contains(c))]);
    }

    /// <summary>Whether <see cref="Text"/> would leave nothing out.</summary>
    public static bool IsText(ReadOnlySpan<char> text) => !text.ContainsAny(Commands);

    /// <summary>Returns text of one line, for the middle of a sentence: each harmful character is replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxCharacters">How much of it is shown; all by default.</param>
    /// <param name="replacement">The character that stands for a harmful one.</param>
    public static string Line(string text, int maxCharacters = int.MaxValue, char replacement = '?')
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Concat(Start(text, maxCharacters).EnumerateRunes()
            .Select(rune => IsHarmful(rune) ? replacement.ToString() : rune.ToString()));
    }

    /// <summary>Returns one line that loses nothing: harmful characters but tabs are written as <c>\n</c> or <c>\uXXXX</c>.</summary>
    public static string Escaped(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == '\n')
                shown.Append("\\n");
            else if (c != '\t' && IsHarmful(c))
                AppendCode(shown, c);
            else
                shown.Append(c);
        }

        return shown.ToString();
    }

    /// <summary>
    /// Returns text in quotation marks, so that any two texts look different: harmful characters, and those outside of the basic plane, are
    /// written as <c>\uXXXX</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="maxCharacters">How much of it is shown; a longer one ends in <c>…</c>.</param>
    public static string Quoted(string text, int maxCharacters)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = new StringBuilder("\"");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, maxCharacters)))
        {
            if (IsHarmful(c) || char.IsSurrogate(c))
                AppendCode(shown, c);
            else
                shown.Append(c);
        }

        return shown.Append(text.Length > maxCharacters ? "…\"" : "\"").ToString();
    }

    /// <summary>Whether a character is a control or format character, or ends a line or a paragraph.</summary>
    public static bool IsHarmful(Rune rune) => IsHarmful(Rune.GetUnicodeCategory(rune));

    private static bool IsHarmful(char c) => IsHarmful(char.GetUnicodeCategory(c));

    private static bool IsHarmful(UnicodeCategory category) => category
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Start(string text, int maxCharacters)
    {
        if (text.Length <= maxCharacters)
            return text;
        var isInPair = maxCharacters > 0 && char.IsHighSurrogate(text[maxCharacters - 1]);
        return text[..(isInPair ? maxCharacters - 1 : maxCharacters)];
    }

    private static void AppendCode(StringBuilder text, char c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
