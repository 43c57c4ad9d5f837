using System.Text;

namespace Buildd.Debian.Apt;

/// <summary>
/// Reads one line from its beginning to its end, word by word, as apt does: a word ends at white space that stands neither between
/// quotation marks nor between square brackets.
/// </summary>
internal sealed class ArchiveLineReader
{
    /// <summary>White space as apt has it, but for the end of a line: a line is only one.</summary>
    internal static readonly char[] Blanks = [' ', '\t', '\r', '\v', '\f'];

    /// <summary>What may stand before a line, and what the type ends at with <c>\v</c>: apt has other white space there.</summary>
    private static readonly char[] TypeBlanks = [' ', '\t'];

    private readonly string _text;
    private int _position;

    internal ArchiveLineReader(string line) => _text = WithoutComment(line);

    /// <summary>The line without its comment and without white space around it.</summary>
    internal string Text => _text;

    /// <summary>Removes a comment: all from a <c>#</c> that is not in square brackets. Quotation marks don't protect one.</summary>
    internal static string WithoutComment(string line)
    {
        var (end, depth) = (0, 0);
        for (; end < line.Length && (line[end] != '#' || depth > 0); end++)
            depth += line[end] switch { '[' => 1, ']' => -1, _ => 0 };
        return line[..end].TrimStart(TypeBlanks).TrimEnd([.. TypeBlanks, '\r', '\n']);
    }

    /// <summary>Takes the type.</summary>
    internal string TakeType()
    {
        var end = _text.IndexOfAny([.. TypeBlanks, '\v']);
        _position = end < 0 ? _text.Length : end;
        return _text[.._position];
    }

    /// <summary>Takes what comes next, with its quotation marks; null at the end.</summary>
    internal string? TakeRaw()
    {
        SkipBlanks();
        if (_position == _text.Length)
            return null;
        var start = _position;
        for (; _position < _text.Length && !Blanks.Contains(_text[_position]); _position++)
        {
            if (_text[_position] is '"' or '[')
            {
                var end = _text.IndexOf(_text[_position] == '"' ? '"' : ']', _position + 1);
                if (end < 0)
                    throw new ArchiveLineException("a quotation mark or a square bracket has no end");
                _position = end;
            }
        }

        return _text[start.._position];
    }

    /// <summary>Takes a name: a word without its quotation marks, and with what escapes stand for.</summary>
    /// <exception cref="ArchiveLineException">It can't be the name of anything in an archive.</exception>
    internal string? TakeName() => TakeRaw() is { } word ? Name(word) : null;

    /// <summary>Takes the options, if there are any.</summary>
    internal List<(string Name, string Operator, string Value)> TakeOptions()
    {
        var options = new List<(string, string, string)>();
        SkipBlanks();
        if (_position == _text.Length || _text[_position] != '[')
            return options;
        _position++;
        while (true)
        {
            SkipBlanks();
            if (_position == _text.Length)
                throw new ArchiveLineException("the options have no end");
            if (_text[_position] == ']')
                break;
            var word = TakeRaw()!;
            var isLast = word.EndsWith(']');
            options.Add(Option(isLast ? word[..^1] : word));
            if (isLast)
                return options;
        }

        _position++;
        return options;
    }

    private static (string, string, string) Option(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var sign = equals > 1 && word[equals - 1] is '+' or '-' ? word[(equals - 1)..(equals + 1)] : "=";
        var name = equals < 0 ? "" : word[..(equals + 1 - sign.Length)];
        // The name is logged where it is not known, so it must not be a piece of a URI with a password.
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || equals + 1 == word.Length)
            throw new ArchiveLineException("an option is not NAME=VALUE");
        return (name.ToLowerInvariant(), sign, Name(word[(equals + 1)..]));
    }

    private static string Name(string word)
    {
        var name = new StringBuilder();
        for (var i = 0; i < word.Length; i++)
        {
            var c = word[i];
            if (c == '%' && i + 2 < word.Length && char.IsAsciiHexDigit(word[i + 1]) && char.IsAsciiHexDigit(word[i + 2]))
            {
                c = (char)Convert.FromHexString(word.AsSpan(i + 1, 2))[0];
                i += 2;
                if (c is <= ' ' or > '~')
                    throw new ArchiveLineException("an escape stands for a character that no name in an archive has");
            }
            else if (c == '"')
            {
                continue;
            }
            else if (Blanks.Contains(c))
            {
                throw new ArchiveLineException("there is white space in the name of a suite or a component, or in the value of an option");
            }

            name.Append(c);
        }

        return name.Length > 0
            ? name.ToString()
            : throw new ArchiveLineException("the name of a suite or a component, or the value of an option, is empty");
    }

    private void SkipBlanks()
    {
        while (_position < _text.Length && Blanks.Contains(_text[_position]))
            _position++;
    }
}
