using System.Text;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Secrets;

/// <summary>Finds the secrets among a build's arguments, in every spelling that they are likely to take in its log.</summary>
/// <remarks>
/// Secrets are: the password of each <c>scheme://user:password@</c> in any string; a user without a password that is long
/// enough for a token; and all that lies below a struct member whose name ends as <see cref="SecretNames"/> do.
/// </remarks>
public static class BuildSecrets
{
    /// <summary>
    /// A secret shorter than this is not looked for by itself, or a log would lose every "the" in it. In a URL it is
    /// removed all the same.
    /// </summary>
    public const int MinSecretBytes = 4;

    /// <summary>
    /// What a URL names as its user without a password is taken for a token from this length on, and for an account's name below.
    /// </summary>
    public const int MinTokenUserBytes = 20;

    /// <summary>All secrets together, in bytes. Arguments known from farms have a few hundred; searching takes memory for each.</summary>
    public const int MaxSecretBytes = 256 * 1024;

    /// <summary>How many secrets a build may have. Archives share theirs, so that few builds have more than ten.</summary>
    public const int MaxSecrets = 1000;

    /// <summary>How the names of members end whose value is secret; capitals count as small letters and hyphens as underscores.</summary>
    private static readonly string[] SecretNames =
    [
        "password", "passwd", "passphrase", "token", "macaroon", "secret", "secrets", "credential", "credentials", "auth",
        "apikey", "api_key", "private_key",
    ];

    /// <summary>
    /// What stands in the place of a secret that is not there, or is an answer to whether there is one; a log would lose much with these.
    /// </summary>
    private static readonly string[] Placeholders = ["true", "false", "none", "null", "x-oauth-basic"];

    /// <summary>Collects them.</summary>
    /// <param name="arguments">The build's arguments.</param>
    /// <returns>What must not appear in the log, each once.</returns>
    /// <exception cref="TooManySecretsException">
    /// They are more than <see cref="MaxSecrets"/> or longer than <see cref="MaxSecretBytes"/>.
    /// </exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> FromArguments(XmlRpcStruct arguments)
    {
        var found = new HashSet<string>(StringComparer.Ordinal); // bytes as Latin-1
        Collect(arguments, isSecret: false, isPair: false, found);
        found.RemoveWhere(secret => secret.Length < MinSecretBytes);

        var (count, bytes) = (found.Count, found.Sum(secret => (long)secret.Length));
        if (count > MaxSecrets)
            throw new TooManySecretsException(
                $"the build's arguments hold {count} secrets, and at most {MaxSecrets} can be kept out of its log");
        if (bytes > MaxSecretBytes)
            throw new TooManySecretsException(
                $"the secrets in the build's arguments have {bytes} bytes, and at most {MaxSecretBytes} can be kept out of its log");
        return
        [
            .. found.Select(Encoding.Latin1.GetBytes).SelectMany(SecretSpellings.Of).Select(Encoding.Latin1.GetString)
                .Where(spelling => spelling.Length >= MinSecretBytes).Distinct(StringComparer.Ordinal)
                .Select(spelling => (ReadOnlyMemory<byte>)Encoding.Latin1.GetBytes(spelling)),
        ];
    }

    /// <param name="value">The value to look through.</param>
    /// <param name="isSecret">It stands below a member with a secret's name.</param>
    /// <param name="isPair">That name says that a user may stand before the secret.</param>
    /// <param name="found">Where secrets go.</param>
    private static void Collect(XmlRpcValue value, bool isSecret, bool isPair, HashSet<string> found)
    {
        switch (value)
        {
            case XmlRpcStruct members:
                foreach (var (name, member) in members)
                    Collect(member, isSecret || IsSecretName(name), isPair || EndsIn(name, "auth"), found);
                break;
            case XmlRpcArray items:
                foreach (var item in items)
                    Collect(item, isSecret, isPair, found);
                break;
            case XmlRpcBase64 binary when isSecret:
                found.Add(Encoding.Latin1.GetString(binary.Value.Span));
                break;
            case XmlRpcString text:
                if (isSecret)
                    AddText(text.Value, found);
                if (isPair && text.Value.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
                    AddText(text.Value[(colon + 1)..], found);
                AddFromUrls(text.Value, found);
                break;
        }
    }

    private static bool IsSecretName(string name) => SecretNames.Any(ending => EndsIn(name, ending));

    private static bool EndsIn(string name, string ending) => name.Replace('-', '_').EndsWith(ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A text as it is and without the line end that files of secrets have; of several lines each, since logs show them one by one.
    /// </summary>
    private static void AddText(string text, HashSet<string> found)
    {
        foreach (var line in text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Add(line, found);
    }

    private static void Add(string secret, HashSet<string> found)
    {
        if (!string.IsNullOrWhiteSpace(secret) && !Placeholders.Contains(secret, StringComparer.OrdinalIgnoreCase))
            found.Add(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(secret)));
    }

    private static void AddFromUrls(string text, HashSet<string> found)
    {
        var rest = text.AsSpan();
        while (UrlCredentials.TryFindUrl(rest, out var start, out var length))
        {
            rest = rest[start..]; // a malformed URL may have another one in its password
            var user = rest[..Math.Max(0, length - 1)];
            if (user.IsEmpty)
                continue;
            var colon = user.IndexOf(':');
            var password = colon < 0 ? default : user[(colon + 1)..];
            var name = colon < 0 ? user : user[..colon];
            AddBothWays(password, found);
            if (!password.IsEmpty)
                Add(Uri.UnescapeDataString(user), found); // Basic authentication sends the pair as one base64 text
            if (password is "" or "x-oauth-basic" && name.Length >= MinTokenUserBytes)
                AddBothWays(name, found);
        }
    }

    private static void AddBothWays(ReadOnlySpan<char> escaped, HashSet<string> found)
    {
        Add(escaped.ToString(), found);
        Add(Uri.UnescapeDataString(escaped), found);
    }
}
