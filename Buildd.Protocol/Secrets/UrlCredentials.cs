using System.Buffers;
using System.Text;

namespace Buildd.Protocol.Secrets;

/// <summary>
/// The credentials that a URL carries as <c>user:password@</c> in front of its host: where they begin and end, also in a text that holds
/// several URLs, or malformed ones. Safe to call from any thread.
/// </summary>
/// <remarks>
/// A log is filtered by another rule, the original's (<see cref="LogSanitiser"/>), and the line of an archive in apt's own way.
/// </remarks>
public static class UrlCredentials
{
    private const string SchemeEnd = "://";

    /// <summary>What ends the host part of a URL, inside other text too.</summary>
    private static readonly SearchValues<char> EndsAuthority = SearchValues.Create("/?#\\ \t\r\n\"'<>");

    /// <summary>What ends a malformed URL: apostrophes and angle brackets may be a password's.</summary>
    private static readonly SearchValues<char> EndsUrl = SearchValues.Create(" \t\r\n\"");

    /// <summary>
    /// Returns the text without the credentials of every URL in it: <c>http://u:p@host/</c> becomes <c>http://host/</c>. Malformed URLs
    /// whose password has an unescaped slash in it lose theirs too.
    /// </summary>
    public static string Without(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder();
        var rest = text.AsSpan();
        while (TryFindUrl(rest, out var start, out var length))
        {
            result.Append(rest[..start]);
            rest = rest[(start + length)..];
        }

        return result.Append(rest).ToString();
    }

    /// <summary>Returns the URL without its credentials; a relative one as it is.</summary>
    public static Uri Without(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return !url.IsAbsoluteUri || url.UserInfo.Length == 0 ? url : new UriBuilder(url) { UserName = "", Password = "" }.Uri;
    }

    /// <summary>Finds the next URL in a text, with or without credentials.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where its credentials begin: behind the scheme.</param>
    /// <param name="length">How long they are, with the <c>@</c>; 0 when it has none.</param>
    /// <returns>Whether there is one.</returns>
    internal static bool TryFindUrl(ReadOnlySpan<char> text, out int start, out int length)
    {
        var scheme = text.IndexOf(SchemeEnd, StringComparison.Ordinal);
        start = scheme < 0 ? text.Length : scheme + SchemeEnd.Length;
        length = LengthOf(text[start..]);
        return scheme >= 0;
    }

    private static int LengthOf(ReadOnlySpan<char> afterScheme)
    {
        var authority = Before(afterScheme, EndsAuthority);
        if (authority.LastIndexOf('@') is >= 0 and var at)
            return at + 1;
        // "u:p/w@host": what looks like the port isn't a number, so the @ further on ends the password.
        var colon = authority.IndexOf(':');
        return colon < 0 || authority[0] == '[' || !authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9')
            ? 0
            : Before(afterScheme, EndsUrl).LastIndexOf('@') + 1;
    }

    private static ReadOnlySpan<char> Before(ReadOnlySpan<char> text, SearchValues<char> ends) =>
        text.IndexOfAny(ends) is >= 0 and var end ? text[..end] : text;
}
