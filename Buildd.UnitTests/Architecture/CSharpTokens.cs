namespace Buildd.UnitTests.Architecture;

/// <summary>
/// Splits C# into identifiers, numbers and single signs. Comments and the text of strings are left out; what stands in the holes
/// of interpolated strings is code and stays.
/// </summary>
internal sealed class CSharpTokens
{
    private readonly string _text;
    private readonly List<string> _tokens = [];
    private int _at;

    private CSharpTokens(string text) => _text = text;

    /// <summary>Returns the tokens of a file.</summary>
    internal static IReadOnlyList<string> Read(string text)
    {
        var reader = new CSharpTokens(text);
        reader.ReadCode(closingBraces: 0);
        return reader._tokens;
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private char Next => _at + 1 < _text.Length ? _text[_at + 1] : '\0';

    /// <summary>Reads code, to the end or through the braces that close a hole.</summary>
    private void ReadCode(int closingBraces)
    {
        var depth = 0;
        while (_at < _text.Length)
        {
            if (closingBraces > 0 && depth == 0 && Current == '}')
            {
                _at += closingBraces;
                return;
            }

            depth += Current switch { '{' => 1, '}' => -1, _ => 0 };
            ReadToken();
        }
    }

    private void ReadToken()
    {
        if (char.IsWhiteSpace(Current))
            _at++;
        else if ((Current, Next) is ('/', '/'))
            SkipThrough("\n");
        else if ((Current, Next) is ('/', '*'))
            SkipThrough("*/");
        else if (Current == '#' && IsFirstInLine())
            SkipThrough("\n");
        else if (Current == '\'')
            SkipCharacter();
        else if (IsString(out var dollars, out var isVerbatim))
            ReadString(dollars, isVerbatim);
        else if (char.IsLetterOrDigit(Current) || Current == '_')
            ReadWord();
        else
            _tokens.Add(_text[_at++].ToString());
    }

    private void ReadWord()
    {
        var start = _at;
        while (char.IsLetterOrDigit(Current) || Current == '_')
            _at++;
        _tokens.Add(_text[start.._at]);
    }

    private bool IsFirstInLine()
    {
        var before = _at - 1;
        while (before >= 0 && _text[before] is ' ' or '\t')
            before--;
        return before < 0 || _text[before] == '\n';
    }

    private void SkipThrough(string end)
    {
        var found = _text.IndexOf(end, _at + 1, StringComparison.Ordinal);
        _at = found < 0 ? _text.Length : found + end.Length;
    }

    private void SkipCharacter()
    {
        _at += Next == '\\' ? 3 : 2; // past the quote, and the sign or the sign behind the backslash
        while (_at < _text.Length && Current != '\'')
            _at++;
        _at++;
    }

    /// <summary>Whether a string begins here, behind its signs or at once.</summary>
    private bool IsString(out int dollars, out bool isVerbatim)
    {
        (dollars, isVerbatim) = (0, false);
        for (var i = _at; i < _text.Length; i++)
        {
            switch (_text[i])
            {
                case '"':
                    return true;
                case '$':
                    dollars++;
                    break;
                case '@':
                    isVerbatim = true;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    private void ReadString(int dollars, bool isVerbatim)
    {
        _at += dollars + (isVerbatim ? 1 : 0);
        var quotes = CountRun('"');
        if (!isVerbatim && quotes >= 3)
        {
            _at += quotes;
            ReadRaw(quotes, dollars);
        }
        else
        {
            _at++;
            ReadOrdinary(dollars > 0, isVerbatim);
        }
    }

    private void ReadRaw(int quotes, int dollars)
    {
        while (_at < _text.Length)
        {
            if (Current == '"' && CountRun('"') is var run && run >= quotes)
            {
                _at += run;
                return;
            }

            if (dollars > 0 && Current == '{' && CountRun('{') is var braces && braces >= dollars)
            {
                _at += braces;
                ReadCode(dollars);
            }
            else
            {
                _at++;
            }
        }
    }

    private void ReadOrdinary(bool isInterpolated, bool isVerbatim)
    {
        while (_at < _text.Length)
        {
            if (Current == '"' && !(isVerbatim && Next == '"'))
            {
                _at++;
                return;
            }

            if (isInterpolated && Current == '{' && Next != '{')
            {
                _at++;
                ReadCode(closingBraces: 1);
            }
            else
            {
                var isPair = (Current == '\\' && !isVerbatim) || Current is '"' || (isInterpolated && Current == '{');
                _at += isPair ? 2 : 1;
            }
        }
    }

    private int CountRun(char sign)
    {
        var end = _at;
        while (end < _text.Length && _text[end] == sign)
            end++;
        return end - _at;
    }
}
