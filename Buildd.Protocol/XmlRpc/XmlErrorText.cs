using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Says what is wrong with XML in the words of expat, the reference's parser, with lines from 1 and columns from 0, so
/// that one can be compared with the other. System.Xml's own messages are no help: they may have been trimmed away.
/// </summary>
/// <remarks>
/// What happened is guessed from the place where the parser stopped. A wrong guess is a misleading message and no more:
/// clients don't read these, and the parser's exception stays attached.
/// </remarks>
internal static class XmlErrorText
{
    private const string InvalidToken = "not well-formed (invalid token)";

    /// <summary>The message.</summary>
    /// <param name="exception">The parser's.</param>
    /// <param name="body">The whole document.</param>
    /// <param name="place">How far the document had come.</param>
    public static string For(XmlException exception, ReadOnlySequence<byte> body, DocumentReader.Place place)
    {
        var text = Decode(body);
        if (exception.LineNumber == 0 && !place.RootSeen)
            return WithoutPlace(text);

        var at = Find(text, exception.LineNumber, exception.LinePosition);
        if (at >= text.Length || (at == 0 && text[0] == '<'))
            return AtEnd(text);

        var before = text.AsSpan(0, at);
        if (before.EndsWith("</") && place is { RootSeen: true, RootClosed: false })
            return Show("mismatched tag", text, at);
        if (before.EndsWith("&#") || before.EndsWith("&#x"))
            return Show("reference to invalid character number", text, before.LastIndexOf('&'));
        if (before.EndsWith("&") && IsReference(text.AsSpan(at)))
            return Show("undefined entity", text, at - 1);
        if (before.EndsWith("encoding=\"") || before.EndsWith("encoding='"))
            return Show("unknown encoding", text, at);
        if (place.RootClosed && before.EndsWith("<") && char.IsAsciiLetter(text[at]))
            return Show("junk after document element", text, at - 1);

        var isBetweenTags = before.LastIndexOf('<') <= before.LastIndexOf('>');
        var isPlain = isBetweenTags && text[at] is not ('<' or '&' or '\uFFFD' or '\uFFFE' or '\uFFFF' or < ' ');
        if (isPlain && place.RootClosed)
            return Show("junk after document element", text, at);
        if (isPlain && !place.RootSeen)
            return Show("syntax error", text, at);
        return Show(InvalidToken, text, at);
    }

    /// <summary>The parser doesn't say where, which it does for these three only.</summary>
    private static string WithoutPlace(string text)
    {
        var type = text.IndexOf("<!DOCTYPE", StringComparison.Ordinal);
        if (type >= 0)
            return Show("document type declarations are refused", text, type);

        var encoding = text.IndexOf("encoding", StringComparison.Ordinal);
        return encoding >= 0 && ContainsElement(text)
            ? Show("encoding specified in XML declaration is incorrect", text, encoding)
            : AtEnd(text);
    }

    /// <summary>It ends in the middle: of a tag, or between two.</summary>
    private static string AtEnd(string text)
    {
        var start = text.LastIndexOfAny(['<', '&']);
        return start >= 0 && text.AsSpan(start).IndexOfAny('>', ';') < 0
            ? Show("unclosed token", text, start)
            : Show("no element found", text, text.Length);
    }

    private static bool ContainsElement(string text)
    {
        for (var i = text.IndexOf('<'); i >= 0 && i + 1 < text.Length; i = text.IndexOf('<', i + 1))
        {
            if (text[i + 1] is not ('?' or '!'))
                return true;
        }

        return false;
    }

    private static bool IsReference(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf(';');
        return end > 0 && !text[..end].ContainsAny(' ', '<', '&');
    }

    private static string Decode(ReadOnlySequence<byte> body)
    {
        Span<byte> start = stackalloc byte[2];
        var length = (int)Math.Min(2, body.Length);
        body.Slice(0, length).CopyTo(start);
        var encoding = start[..length] switch
        {
            [0xff, 0xfe] or [(byte)'<', 0] => Encoding.Unicode,
            [0xfe, 0xff] or [0, (byte)'<'] => Encoding.BigEndianUnicode,
            _ => Encoding.UTF8,
        };
        return encoding.GetString(body).TrimStart('\uFEFF');
    }

    /// <summary>From a place as System.Xml tells it, both from 1.</summary>
    private static int Find(string text, int line, int column)
    {
        var at = 0;
        for (var i = 1; i < line; i++)
        {
            var end = text.AsSpan(at).IndexOfAny('\r', '\n');
            if (end < 0)
                return text.Length;
            at += end + (text.AsSpan(at + end).StartsWith("\r\n") ? 2 : 1);
        }

        return Math.Min(text.Length, at + Math.Max(0, column - 1));
    }

    private static string Show(string what, string text, int at)
    {
        var line = 1;
        var column = 0;
        for (var i = 0; i < at; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                line++;
                column = 0;
            }
            else if (!char.IsLowSurrogate(text[i]))
            {
                column++;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{what}: line {line}, column {column}");
    }
}
