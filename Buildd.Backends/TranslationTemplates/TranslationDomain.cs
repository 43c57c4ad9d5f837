using System.Text.RegularExpressions;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>Finds the translation domain of a folder in what configures it, with the reference's rules: protocol section 12.3.</summary>
internal static partial class TranslationDomain
{
    /// <summary>
    /// The files that may name it, in the order in which they are asked, relative to the folder; and the variable that does in each.
    /// </summary>
    internal static readonly IReadOnlyList<(string File, string Variable)> Files =
    [
        ("../configure.ac", Package),
        ("../configure.in", Package),
        ("Makefile.in.in", Package),
        ("Makevars", "DOMAIN"),
    ];

    /// <summary>The longest domain. It becomes a file's name.</summary>
    internal const int MaxLength = 100;

    private const string Package = "GETTEXT_PACKAGE";

    /// <summary>Finds the domain.</summary>
    /// <param name="contents">What is in <see cref="Files"/>, in that order; null for a file that is not there.</param>
    /// <returns>The domain; null when nothing names one, or what does is no name.</returns>
    internal static string? Find(IReadOnlyList<string?> contents)
    {
        foreach (var (content, (_, variable)) in contents.Zip(Files))
        {
            if (content is not null && FindVariable(content, variable) is { } value && Substitute(value, content, contents) is { } domain)
                return IsGood(domain) ? domain : null;
        }

        return null;
    }

    /// <summary>One level, as the reference: in the same file first, then in the others.</summary>
    private static string? Substitute(string value, string content, IReadOnlyList<string?> contents)
    {
        if (value == "AC_PACKAGE_NAME")
            return FindPackageName(contents);
        if (Reference().Match(value) is not { Success: true } reference)
            return value;
        var name = reference.Groups.Values.Skip(1).First(group => group.Success).Value;
        var found = contents.Where(other => other is not null && other != content).Prepend(content)
            .Select(text => FindVariable(text!, name)).FirstOrDefault(text => text is not null);
        if (found == "AC_PACKAGE_NAME" || (found is null && name is "PACKAGE" or "PACKAGE_NAME" or "PACKAGE_TARNAME"))
            found = FindPackageName(contents);
        return found is null ? null : value.Replace(reference.Value, found, StringComparison.Ordinal);
    }

    private static string? FindVariable(string content, string name)
    {
        foreach (var line in content.Split('\n'))
        {
            if (Assignment().Match(line) is { Success: true } match && match.Groups["name"].Value == name
                && Unquote(match.Groups["value"].Value) is { Length: > 0 } value)
                return value;
        }

        return null;
    }

    private static string? FindPackageName(IReadOnlyList<string?> contents) => contents
        .Where(content => content is not null)
        .Select(content => Init().Match(content!))
        .Where(match => match.Success)
        .Select(match => Unquote(match.Groups["name"].Value.Trim().TrimStart('[').TrimEnd(']')))
        .FirstOrDefault(name => name.Length > 0);

    private static string Unquote(string value)
    {
        var text = value.Trim();
        return text is ['"', .., '"'] or ['\'', .., '\''] ? text[1..^1].Trim() : text;
    }

    private static bool IsGood(string domain) =>
        domain.Length is > 0 and <= MaxLength && char.IsAsciiLetterOrDigit(domain[0])
            && domain.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+');

    /// <summary>A comment at the end of the line is no part of the value.</summary>
    [GeneratedRegex("""^\s*(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?<value>"[^"]*"|'[^']*'|[^#]*)""", RegexOptions.NonBacktracking)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"@([A-Za-z_][A-Za-z0-9_]*)@|\$\(([A-Za-z_][A-Za-z0-9_]*)\)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)",
        RegexOptions.NonBacktracking)]
    private static partial Regex Reference();

    [GeneratedRegex(@"\bAC_INIT\s*\(\s*(?<name>\[[^\]]*\]|[^,)\s]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Init();
}
