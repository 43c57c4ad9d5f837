using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Linux.Processes;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// Passes a build's output on and looks in it for C that works only where pointers are no longer than integers: a function
/// that nobody declared is taken to return an integer, and that becomes a pointer, of which half is lost. Protocol section 20.
/// </summary>
/// <remarks>
/// A find is a warning about an implicit declaration and after it one about an integer that becomes a pointer, for the same file
/// and line. A note follows the second, and an explanation the whole. Output is passed on at once, in the pieces it came in; colours, which
/// some build systems ask compilers for without a terminal, stay in it and are not looked at. For one thread at a time.
/// </remarks>
internal sealed class ImplicitPointerFilter
{
    /// <summary>
    /// How much of a line is looked at. A compiler's line has a path, which has at most 4096 bytes (PATH_MAX), and a sentence.
    /// </summary>
    internal const int MaxLineBytes = 8 * 1024;

    /// <summary>
    /// How many implicit declarations are remembered: other compilers that run at the same time write between the two warnings.
    /// </summary>
    internal const int MaxRemembered = 1000;

    /// <summary>Releases of Ubuntu that built before their packages were cleaned of this.</summary>
    private static readonly HashSet<string> OldSuites =
        ["warty", "hoary", "breezy", "dapper", "edgy", "feisty", "gutsy", "hardy", "karmic"];

    private readonly OutputWriter _output;
    private readonly LineSplitter _lines;
    private readonly byte[] _plain = new byte[MaxLineBytes];
    private readonly Dictionary<string, string> _declared = new(StringComparer.Ordinal); // place to function
    private readonly Queue<string> _order = new();
    private string? _note;
    private int _finds;

    /// <summary>Makes one that passes everything on to <paramref name="output"/>.</summary>
    internal ImplicitPointerFilter(OutputWriter output)
    {
        _output = output;
        _lines = new LineSplitter(MaxLineBytes, (line, _) => Look(TerminalCodes.Remove(line, _plain)));
    }

    /// <summary>Whether anything was found.</summary>
    internal bool HasFinds => _finds > 0;

    /// <summary>Whether a find is only told of and does not fail the build: where pointers are short, and for old releases.</summary>
    internal static bool IsOnlyWarning(string architecture, string suite) =>
        Personality.HasShortPointers(architecture) || OldSuites.Contains(suite.Split('-')[0]);

    /// <summary>Takes a piece of the output.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        var (passed, position) = (0, 0);
        while (bytes[position..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            _lines.Write(bytes.Slice(position, length + 1));
            position += length + 1;
            if (_note is null)
                continue;
            _output(bytes[passed..position]);
            _output(Encoding.UTF8.GetBytes(_note));
            (_note, passed) = (null, position);
        }

        _lines.Write(bytes[position..]);
        if (passed < bytes.Length)
            _output(bytes[passed..]);
    }

    /// <summary>There is no more: explains the finds, if there are any.</summary>
    internal void Complete(bool isOnlyWarning)
    {
        _lines.Complete();
        var last = _note is null ? "" : "\n" + _note;
        if (HasFinds)
        {
            last += string.Create(CultureInfo.InvariantCulture,
                $"""

                Functions without a declaration whose results become pointers: {_finds}, each marked above with '[implicit pointer]'.
                C takes such a function to return an int. Where pointers are longer than an int, as on every 64-bit architecture,
                the upper half of the pointer is lost and the program crashes. Include the header that declares the function.
                {(isOnlyWarning ? "Here this does not fail the build." : "The build has failed for this.")}

                """);
        }

        if (last.Length > 0)
            _output(Encoding.UTF8.GetBytes(last));
        _note = null;
    }

    /// <summary>FILE:LINE[:COLUMN]: warning: TEXT, as gcc and clang write it.</summary>
    private void Look(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOf(": warning: "u8);
        if (end < 0)
            return;
        var text = line[(end + ": warning: "u8.Length)..];
        if (text.StartsWith("implicit declaration of function "u8) || text.StartsWith("call to undeclared function "u8))
        {
            if (Place(line[..end]) is { } place)
                Remember(place, Function(text));
        }
        else if (text.IndexOf("makes pointer from integer without a cast"u8) >= 0
            || text.IndexOf("cast to pointer from integer of different size"u8) >= 0
            || text.IndexOf("incompatible integer to pointer conversion"u8) >= 0)
        {
            if (Place(line[..end]) is { } place && _declared.TryGetValue(place, out var function))
            {
                _finds++;
                _note = $"[implicit pointer] {place}: the result of {function}, which is not declared, becomes a pointer\n";
            }
        }
    }

    private void Remember(string place, string function)
    {
        if (!_declared.TryAdd(place, function))
            return;
        _order.Enqueue(place);
        if (_order.Count > MaxRemembered)
            _declared.Remove(_order.Dequeue());
    }

    /// <summary>The file and the line, without the column.</summary>
    private static string? Place(ReadOnlySpan<byte> text)
    {
        if (!TrySplitNumber(text, out var before))
            return null;
        return Encoding.UTF8.GetString(TrySplitNumber(before, out _) ? before : text);
    }

    private static bool TrySplitNumber(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> before)
    {
        var colon = text.LastIndexOf((byte)':');
        before = colon > 0 ? text[..colon] : default;
        return colon > 0 && Utf8Parser.TryParse(text[(colon + 1)..], out uint _, out var used) && used == text.Length - colon - 1;
    }

    /// <summary>The quoted name; which quotes depends on the compiler and its locale.</summary>
    private static string Function(ReadOnlySpan<byte> text)
    {
        var words = Encoding.UTF8.GetString(text).Split('‘', '’', '\'', '`');
        return words.Length > 1 ? words[1] : "a function";
    }
}
