using System.Text;

namespace Buildd.Debian.Apt;

/// <summary>
/// One archive to install from, in the form of one line (sources.list(5)):
/// <code>
/// (deb|deb-src) [ "[" { NAME ("=" | "+=" | "-=") VALUE { "," VALUE } } "]" ] URI SUITE { COMPONENT } [ "#" COMMENT ]
/// </code>
/// </summary>
/// <remarks>
/// Lines that apt reads are read: white space, quotation marks and escapes (<c>%20</c>) are apt's, and a comment goes to the end of
/// the line. Empty names and names with white space are refused, as a stanza can't say them. Its text form has no password in it.
/// </remarks>
public sealed record ArchiveLine
{
    /// <summary>A longer line is no archive's: its parts are names and one URI.</summary>
    public const int MaxCharacters = 16 * 1024;

    private const string SchemeEnd = "://";

    /// <summary>What lines call an option, and what stanzas do.</summary>
    private static readonly Dictionary<string, string> FieldNames = new(StringComparer.Ordinal)
    {
        ["arch"] = "Architectures",
        ["lang"] = "Languages",
        ["target"] = "Targets",
        ["include"] = "Include",
        ["exclude"] = "Exclude",
        ["pdiffs"] = "PDiffs",
        ["by-hash"] = "By-Hash",
        ["allow-insecure"] = "Allow-Insecure",
        ["allow-weak"] = "Allow-Weak",
        ["allow-downgrade-to-insecure"] = "Allow-Downgrade-To-Insecure",
        ["trusted"] = "Trusted",
        ["signed-by"] = "Signed-By",
        ["check-valid-until"] = "Check-Valid-Until",
        ["valid-until-min"] = "Valid-Until-Min",
        ["valid-until-max"] = "Valid-Until-Max",
        ["check-date"] = "Check-Date",
        ["date-max-future"] = "Date-Max-Future",
        ["inrelease-path"] = "InRelease-Path",
        ["snapshot"] = "Snapshot",
    };

    /// <summary>What a list of values can be added to or taken from in place of being set.</summary>
    private static readonly HashSet<string> Lists = new(StringComparer.Ordinal) { "arch", "lang", "target", "include", "exclude" };

    private ArchiveLine(string text) => Text = text;

    /// <summary>The line as it came, without a comment and without white space around it. It may hold a password.</summary>
    public string Text { get; }

    /// <summary><c>deb</c> or <c>deb-src</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The options, in their order: the name, <c>=</c>, <c>+=</c> or <c>-=</c>, and the value with its commas.</summary>
    public required IReadOnlyList<(string Name, string Operator, string Value)> Options { get; init; }

    /// <summary>
    /// Where the archive is, without quotation marks; escapes stay, and white space becomes one. It may hold a password.
    /// </summary>
    public required string Uri { get; init; }

    /// <summary>The suite; with a slash at its end a folder of an archive that has no components.</summary>
    public required string Suite { get; init; }

    /// <summary>The components; empty if and only if the suite is a folder.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Whether the URI has a user or a password in it.</summary>
    public bool HasCredentials => UserInfoLength(Uri) > 0;

    /// <summary>Whether the option <c>trusted</c> has packages installed from there that nobody has signed.</summary>
    public bool IsTrusted => Options.Any(option => option is { Name: "trusted", Operator: "=", Value: "yes" });

    /// <summary>The names of the options that this reader does not know, and which so have no place in a stanza.</summary>
    public IEnumerable<string> UnknownOptions => Options
        .Where(option => !FieldNames.ContainsKey(option.Name) || (option.Operator != "=" && !Lists.Contains(option.Name)))
        .Select(option => option.Operator == "=" ? option.Name : option.Name + option.Operator[0]);

    /// <summary>Whether a line is empty or has nothing in it but a comment: apt passes over it.</summary>
    public static bool IsBlank(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return !line.Trim().Contains('\n', StringComparison.Ordinal) && ArchiveLineReader.WithoutComment(line).Length == 0;
    }

    /// <summary>Reads a line, which may have an end.</summary>
    /// <exception cref="ArchiveLineException">It is none: also if <see cref="IsBlank"/>.</exception>
    public static ArchiveLine Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length > MaxCharacters)
            throw new ArchiveLineException($"it has {line.Length} characters, and an archive's has at most {MaxCharacters}");
        if (line.TrimEnd('\n').Any(c => char.IsControl(c) && !ArchiveLineReader.Blanks.Contains(c)))
            throw new ArchiveLineException("there is a control character in it");

        var reader = new ArchiveLineReader(line);
        if (reader.TakeType() is not (("deb" or "deb-src") and var type))
            throw new ArchiveLineException("it does not begin with deb or deb-src");
        var options = reader.TakeOptions();
        if (reader.TakeRaw() is not { } word || UriOf(word) is not { } uri)
            throw new ArchiveLineException("there is no URI in it");
        if (reader.TakeName() is not { } suite)
            throw new ArchiveLineException("there is no suite in it");
        var components = new List<string>();
        while (reader.TakeName() is { } component)
            components.Add(component);
        var isFolder = suite.EndsWith('/');
        if (isFolder != (components.Count == 0))
            throw new ArchiveLineException(isFolder ? "a suite that ends with a slash has no components" : "there are no components in it");
        return new ArchiveLine(reader.Text) { Type = type, Options = options, Uri = uri, Suite = suite, Components = components };
    }

    /// <summary>A URI without the user and the password in it; others stay as they are.</summary>
    public static string WithoutCredentials(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return UserInfoLength(uri) is > 0 and var length && uri.IndexOf(SchemeEnd, StringComparison.Ordinal) is var scheme
            ? uri.Remove(scheme + SchemeEnd.Length, length)
            : uri;
    }

    /// <summary>The same as a stanza (deb822(5)), with an empty line behind it. Apt reads that from version 1.1 on.</summary>
    /// <exception cref="ArchiveLineException">There is an option that has no place in it: see <see cref="UnknownOptions"/>.</exception>
    public string ToStanza()
    {
        if (UnknownOptions.FirstOrDefault() is { } unknown)
            throw new ArchiveLineException($"the option '{unknown}' is not known");
        var stanza = new StringBuilder($"Types: {Type}\nURIs: {Uri}\nEnabled: yes\nSuites: {Suite}\n");
        if (Components.Count > 0)
            stanza.Append("Components: ").AppendJoin(' ', Components).Append('\n');
        foreach (var (name, sign, value) in Options)
        {
            var ending = sign switch { "+=" => "-Add", "-=" => "-Remove", _ => "" };
            stanza.Append(FieldNames[name]).Append(ending).Append(": ").Append(value.Replace(',', ' ')).Append('\n');
        }

        return stanza.Append('\n').ToString();
    }

    /// <summary>The line for an apt that knows no options, before 0.7.26: without them, and with one blank between words.</summary>
    public string ToLineWithoutOptions() => string.Join(' ', [Type, Uri, Suite, .. Components]);

    /// <summary>The line without a user and a password.</summary>
    public override string ToString() =>
        string.Join(' ', [Type, .. OptionWords(), WithoutCredentials(Uri), Suite, .. Components]);

    private IEnumerable<string> OptionWords() =>
        Options.Count == 0 ? [] : ["[" + string.Join(' ', Options.Select(option => option.Name + option.Operator + option.Value)) + "]"];

    /// <summary>
    /// Escapes stay as they are: in a stanza apt leaves them to the server, which reads them as the master that wrote them meant.
    /// </summary>
    private static string? UriOf(string word)
    {
        var uri = new StringBuilder();
        foreach (var c in word.Where(c => c != '"'))
        {
            if (ArchiveLineReader.Blanks.Contains(c))
                uri.Append(System.Uri.HexEscape(c));
            else
                uri.Append(c);
        }

        return HasScheme(uri.ToString()) ? uri.ToString() : null;
    }

    private static bool HasScheme(string uri) => uri.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
        && uri[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');

    /// <summary>How long the user and the password are, with the <c>@</c>.</summary>
    private static int UserInfoLength(string uri)
    {
        var scheme = uri.IndexOf(SchemeEnd, StringComparison.Ordinal);
        if (scheme < 0)
            return 0;
        // As apt reads it: a password may have an unescaped slash in it, a host may not have an @. A wire's rule for URLs in any text
        // (UrlCredentials) is another one, and this project does not know the wire.
        var rest = uri[(scheme + SchemeEnd.Length)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? rest : rest[..slash];
        var at = authority.LastIndexOf('@');
        if (at < 0 && authority.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon
            && !authority[(colon + 1)..].All(char.IsAsciiDigit) && !authority.StartsWith('['))
            at = rest.LastIndexOf('@');
        // apt takes an escaped sign for one where it reads lines.
        if (at < 0 && authority.LastIndexOf("%40", StringComparison.Ordinal) is >= 0 and var escaped)
            at = escaped + 2;
        return at + 1;
    }
}
