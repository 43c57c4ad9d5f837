using System.Text;
using System.Text.RegularExpressions;
using Buildd.Protocol.Secrets;

namespace Buildd.UnitTests.Protocol.Secrets;

/// <summary>The sanitiser for tests, and a slow and plain one to compare it with.</summary>
internal static partial class Sanitising
{
    internal static string Text(string input, params string[] secrets) => Pieces([input], secrets);

    /// <summary>What comes out when the input comes in these pieces; Latin-1 both ways.</summary>
    internal static string Pieces(IEnumerable<string> pieces, params string[] secrets)
    {
        var sanitiser = Create(secrets);
        var output = new StringBuilder();
        foreach (var piece in pieces)
            output.Append(Encoding.Latin1.GetString(sanitiser.Process(Encoding.Latin1.GetBytes(piece))));
        return output.Append(Encoding.Latin1.GetString(sanitiser.Process([], isLast: true))).ToString();
    }

    internal static LogSanitiser Create(params string[] secrets) =>
        new(secrets.Select(secret => (ReadOnlyMemory<byte>)Encoding.Latin1.GetBytes(secret)));

    /// <summary>The rules as they are written down: line by line with regular expressions, then every byte that a secret covers.</summary>
    internal static string Plainly(string input, params string[] secrets)
    {
        var text = string.Concat(Line().Matches(input).Select(line => Proxy().Replace(Url().Replace(line.Value, "://"), "")));
        var covered = new bool[text.Length];
        foreach (var secret in secrets)
        {
            for (var at = 0; (at = text.IndexOf(secret, at, StringComparison.Ordinal)) >= 0; at++)
                Array.Fill(covered, true, at, secret.Length);
        }

        return string.Concat(text.Select((c, i) => !covered[i] ? c.ToString() : i > 0 && covered[i - 1] ? "" : "***"));
    }

    [GeneratedRegex(@"[^\r\n]*[\r\n]|[^\r\n]+")]
    private static partial Regex Line();

    [GeneratedRegex(@"://[^:@/\r\n]*:[^:@/\r\n]+@(?=[^ \t\r\n\v\f])")]
    private static partial Regex Url();

    [GeneratedRegex(",proxyauth=[^:\r\n]+:[A-Za-z0-9-]+")]
    private static partial Regex Proxy();
}
