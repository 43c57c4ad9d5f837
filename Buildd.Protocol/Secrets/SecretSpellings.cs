using System.Globalization;
using System.Text;

namespace Buildd.Protocol.Secrets;

/// <summary>How a secret may be written in a log by tools that were given it.</summary>
internal static class SecretSpellings
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /// <summary>
    /// As it is; percent-encoded, with the digits of either case, with and without its slashes; as a shell quotes a quote;
    /// and within base64 of either alphabet, wherever it stands in what was encoded.
    /// </summary>
    /// <param name="secret">The bytes of the secret.</param>
    internal static IEnumerable<byte[]> Of(byte[] secret)
    {
        yield return secret;
        yield return PercentEncode(secret, Unreserved, "X2");
        yield return PercentEncode(secret, Unreserved, "x2");
        yield return PercentEncode(secret, Unreserved + "/", "X2");
        if (secret.Contains((byte)'\''))
            yield return Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(secret).Replace("'", "'\"'\"'", StringComparison.Ordinal));
        for (var before = 0; before < 3; before++)
        {
            foreach (var text in Base64(secret, before))
            {
                yield return Encoding.ASCII.GetBytes(text);
                yield return Encoding.ASCII.GetBytes(text.Replace('+', '-').Replace('/', '_'));
            }
        }
    }

    private static byte[] PercentEncode(byte[] secret, string kept, string format)
    {
        var text = new StringBuilder();
        foreach (var value in secret)
        {
            if (kept.Contains((char)value, StringComparison.Ordinal))
                text.Append((char)value);
            else
                text.Append('%').Append(value.ToString(format, CultureInfo.InvariantCulture));
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>
    /// What can be seen of the secret in base64 when that many bytes (modulo 3) stand before it: the characters that it alone
    /// decides, and those together with the last one when nothing stands behind it.
    /// </summary>
    private static IEnumerable<string> Base64(byte[] secret, int before)
    {
        var text = Convert.ToBase64String([.. new byte[before], .. secret]).TrimEnd('=');
        var first = ((before * 8) + 5) / 6;
        var whole = (before + secret.Length) * 8 / 6;
        yield return text[first..];
        yield return text[Math.Min(first, whole)..whole];
    }
}
