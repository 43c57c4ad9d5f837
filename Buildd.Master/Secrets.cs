using Buildd.Linux.Text;
using Buildd.Protocol.Secrets;

namespace Buildd.Master;

/// <summary>
/// Keeps secrets out of messages and logs. URLs of private archives and of inputs carry <c>user:password@</c>, and
/// slaves quote URLs in what they answer. Safe to call from any thread.
/// </summary>
internal static class Secrets
{
    /// <summary>What stands for a secret that was taken out of a text.</summary>
    private const string Removed = "…";

    /// <summary>How much of a slave's words goes into a message, in characters; a message stays readable.</summary>
    private const int MaxQuoted = 500;

    /// <summary>
    /// A slave's words, fit for a message: no credentials of URLs, none of <paramref name="secrets"/>, no line ends or
    /// other control characters, and of bounded length.
    /// </summary>
    internal static string Quote(string text, params ReadOnlySpan<string> secrets)
    {
        foreach (var secret in secrets)
            text = secret.Length == 0 ? text : text.Replace(secret, Removed, StringComparison.Ordinal);
        var words = UrlCredentials.Without(text).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries);
        var line = Printable.Line(string.Join(' ', words));
        return line.Length <= MaxQuoted ? line : line[..MaxQuoted] + "…";
    }
}
