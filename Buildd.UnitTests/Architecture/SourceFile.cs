namespace Buildd.UnitTests.Architecture;

/// <summary>A file of C#, by the names that it declares and the names that it mentions.</summary>
internal sealed class SourceFile
{
    private static readonly HashSet<string> Kinds = ["class", "struct", "interface", "enum", "record"];

    /// <summary>
    /// The words of the language before the name of a type. A name behind any other word is that of a variable or a member.
    /// </summary>
    private static readonly HashSet<string> BeforeTypes =
    [
        "abstract", "and", "as", "async", "await", "by", "case", "class", "const", "delegate", "else", "enum", "equals", "event",
        "explicit", "extern", "file", "fixed", "from", "goto", "implicit", "in", "interface", "internal", "into", "is", "join", "let",
        "new", "not", "on", "operator", "or", "orderby", "out", "override", "params", "partial", "private", "protected", "public",
        "readonly", "record", "ref", "required", "return", "scoped", "sealed", "select", "static", "struct", "switch", "this", "throw",
        "unsafe", "using", "virtual", "volatile", "when", "where", "with", "yield",
    ];

    private readonly IReadOnlyList<string> _tokens;
    private int _bodyStart;

    private SourceFile(string path, string text)
    {
        Path = path;
        _tokens = CSharpTokens.Read(text);
        ReadHead();
        ReadDeclarations();
        ReadMentions();
    }

    /// <summary>Its path in the project.</summary>
    internal string Path { get; }

    /// <summary>Its namespace; empty where it has none.</summary>
    internal string Namespace { get; private set; } = "";

    /// <summary>The namespaces that it uses.</summary>
    internal HashSet<string> Usings { get; } = [];

    /// <summary>What it names in full in a directive: by <c>using static</c> or as an alias.</summary>
    internal HashSet<string> Named { get; } = [];

    /// <summary>The types that it declares, but for those in other types.</summary>
    internal HashSet<string> Types { get; } = [];

    /// <summary>The extension methods that it declares.</summary>
    internal HashSet<string> Extensions { get; } = [];

    /// <summary>The names in it, each with the name before its point; an empty text where it has none.</summary>
    internal HashSet<(string Before, string Name)> Mentions { get; } = [];

    /// <summary>The methods that are called behind a point.</summary>
    internal HashSet<string> Calls { get; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path in the project.</param>
    /// <param name="text">What stands in it.</param>
    internal static SourceFile Read(string path, string text) => new(path, text);

    /// <summary>Whether the names of a namespace can be mentioned here as they are.</summary>
    internal bool Sees(string other) =>
        Usings.Contains(other) || Namespace == other || Namespace.StartsWith(other + ".", StringComparison.Ordinal);

    private string At(int index) => index >= 0 && index < _tokens.Count ? _tokens[index] : "";

    private static bool IsName(string token) => token.Length > 0 && (char.IsLetter(token[0]) || token[0] == '_');

    private void ReadHead()
    {
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (At(i) == "using" && At(i + 1) is not "(" and not "var")
            {
                var isStatic = At(i + 1) == "static";
                var isAlias = At(i + 2) == "=";
                var start = i + (isStatic ? 2 : isAlias ? 3 : 1);
                var end = start;
                while (end < _tokens.Count && At(end) != ";")
                    end++;
                (isStatic || isAlias ? Named : Usings).Add(string.Concat(_tokens.Skip(start).Take(end - start)));
                i = end;
            }
            else if (At(i) == "namespace")
            {
                var end = i + 1;
                while (end < _tokens.Count && At(end) is not (";" or "{"))
                    end++;
                Namespace = string.Concat(_tokens.Skip(i + 1).Take(end - i - 1));
                _bodyStart = end + 1;
                return;
            }
            else if (IsName(At(i)))
            {
                _bodyStart = i; // a program's top-level statements
                return;
            }
        }
    }

    private void ReadDeclarations()
    {
        var depth = 0;
        for (var i = _bodyStart; i < _tokens.Count; i++)
        {
            depth += At(i) switch { "{" => 1, "}" => -1, _ => 0 };
            if (depth == 0 && Kinds.Contains(At(i)) && IsName(At(i + 1)) && !Kinds.Contains(At(i + 1)) && At(i + 1) != "where")
                Types.Add(At(i + 1));
            else if (depth == 0 && At(i) == "delegate" && NameBeforeParenthesis(i) is { } name)
                Types.Add(name);
            else if (depth == 1 && At(i) == "(" && At(i + 1) == "this" && IsName(At(i + 2)) && At(i + 2) is not ("is" or "as" or "switch"))
                Extensions.Add(NameBefore(i));
        }
    }

    private string? NameBeforeParenthesis(int from)
    {
        for (var i = from; i < _tokens.Count && At(i) != ";"; i++)
        {
            if (At(i) == "(")
                return NameBefore(i);
        }

        return null;
    }

    /// <summary>The name of a method, before its parameters and, if it has any, those of types.</summary>
    private string NameBefore(int parenthesis)
    {
        var i = parenthesis - 1;
        if (At(i) == ">")
        {
            while (i > 0 && At(i) != "<")
                i--;
            i--;
        }

        return At(i);
    }

    private void ReadMentions()
    {
        for (var i = _bodyStart; i < _tokens.Count; i++)
        {
            if (!IsName(At(i)) || (IsName(At(i - 1)) && !BeforeTypes.Contains(At(i - 1))))
                continue;
            var isBehindPoint = At(i - 1) == ".";
            Mentions.Add((isBehindPoint ? At(i - 2) : "", At(i)));
            if (isBehindPoint && At(i + 1) is "(" or "<")
                Calls.Add(At(i));
        }
    }
}
