using System.Text;
using Buildd.Linux.Text;

namespace Buildd.Master;

/// <summary>
/// Keeps secrets out of messages and logs. URLs of private archives and of inputs carry <c>user:password@</c>, and
/// slaves quote URLs in what they answer. Safe to call from any thread.
/// </summary>
public static class Secrets
{
    /// <summary>What stands for a secret that was taken out of a text.</summary>
    private const string Removed = "…";

    /// <summary>How much of a slave's words goes into a message, in characters; a message stays readable.</summary>
    private const int MaxQuoted = 500;

    /// <summary>What ends the host part of a URL, inside of other text too.</summary>
    private static readonly System.Buffers.SearchValues<char> EndsAuthority =
        System.Buffers.SearchValues.Create("/?#\\ \t\r\n\"'<>");

    /// <summary>
    /// The text with the user information taken out of every URL in it: <c>http://u:p@host/</c> becomes
    /// <c>http://host/</c>. Also out of malformed ones, whose password has an unescaped slash in it.
    /// </summary>
    public static string WithoutUserInfo(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder();
        var rest = text.AsSpan();
        for (int scheme; (scheme = rest.IndexOf("://", StringComparison.Ordinal)) >= 0;)
        {
            result.Append(rest[..(scheme + 3)]);
            rest = rest[(scheme + 3)..];
            rest = rest[UserInfoLength(rest)..];
        }

        return result.Append(rest).ToString();
    }

    /// <summary>
    /// A slave's words, fit for a message: no user information, none of <paramref name="secrets"/>, no line ends or
    /// other control characters, and of bounded length.
    /// </summary>
    internal static string Quote(string text, params ReadOnlySpan<string> secrets)
    {
        foreach (var secret in secrets)
            text = secret.Length == 0 ? text : text.Replace(secret, Removed, StringComparison.Ordinal);
        var words = WithoutUserInfo(text).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries);
        var line = Printable.Line(string.Join(' ', words));
        return line.Length <= MaxQuoted ? line : line[..MaxQuoted] + "…";
    }

    /// <summary>How much of what follows <c>://</c> is user information with its <c>@</c>.</summary>
    private static int UserInfoLength(ReadOnlySpan<char> afterScheme)
    {
        var end = afterScheme.IndexOfAny(EndsAuthority);
        var authority = end < 0 ? afterScheme : afterScheme[..end];
        if (authority.LastIndexOf('@') is >= 0 and var at)
            return at + 1;
        // "u:p/w@host": what looks like the port isn't a number, so the @ further on ends the user information.
        var colon = authority.LastIndexOf(':');
        if (colon < 0 || !authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9') || authority is ['[', ..])
            return 0;
        var space = afterScheme.IndexOfAny(" \t\r\n\"");
        return (space < 0 ? afterScheme : afterScheme[..space]).LastIndexOf('@') + 1;
    }
}
