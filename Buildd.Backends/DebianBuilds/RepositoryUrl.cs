using System.Text.RegularExpressions;
using Buildd.Protocol.Secrets;

namespace Buildd.Backends.DebianBuilds;

/// <summary>The address of a repository, taken apart: one part that everybody may see, and one that opens the repository.</summary>
/// <param name="Public">
/// The address without a password; of http and https without the user too, whose name may be a token. Only this may become a word of a
/// command: every account of the machine can read the list of processes, and sudo's log keeps the words for years.
/// </param>
internal sealed partial record RepositoryUrl(string Public)
{
    /// <summary>User and password as they stood in the address; empty where there were none, or where no program would use them.</summary>
    internal string UserInfo { get; private init; } = "";

    /// <summary>The beginning of the address, <c>https://</c>; empty without <see cref="UserInfo"/>.</summary>
    internal string Scheme { get; private init; } = "";

    /// <summary>The host, with the port where there is one; empty without <see cref="UserInfo"/>.</summary>
    internal string Server { get; private init; } = "";

    /// <summary>The line for git's credential store (git-credential-store(1)); empty without <see cref="UserInfo"/>.</summary>
    internal string StoreLine => UserInfo.Length == 0
        ? ""
        : $"{Scheme}{(UserInfo.Contains(':', StringComparison.Ordinal) ? UserInfo : UserInfo + ":")}@{Server}";

    /// <summary>Takes an address apart. What is not a URL is returned as it is.</summary>
    internal static RepositoryUrl Parse(string address)
    {
        if (Url().Match(address) is not { Success: true } match)
            return new RepositoryUrl(address);
        var (scheme, authority, rest) = (match.Groups["scheme"].Value, match.Groups["authority"].Value, match.Groups["rest"].Value);
        var at = authority.LastIndexOf('@');
        var (user, server) = (at < 0 ? "" : authority[..at], authority[(at + 1)..]);
        if (!IsWeb(scheme))
        {
            // A name is all that ssh can be given in an address; a password there opens nothing.
            return at < 0 ? new RepositoryUrl(address) : new RepositoryUrl($"{scheme}{user.Split(':')[0]}@{server}{rest}");
        }

        return user.Length == 0
            ? new RepositoryUrl(UrlCredentials.Without(address)) // one that is malformed may have a password all the same
            : new RepositoryUrl(scheme + server + rest) { UserInfo = user, Scheme = scheme, Server = server };
    }

    /// <summary>Takes the credentials out of the addresses in a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="repositories">The addresses that had some, each once.</param>
    /// <returns>The text with the public addresses.</returns>
    internal static string TakeOut(string text, out IReadOnlyList<RepositoryUrl> repositories)
    {
        var found = new List<RepositoryUrl>();
        repositories = found;
        return WebAddress().Replace(text, match =>
        {
            var repository = Parse(match.Value);
            if (repository.UserInfo.Length > 0 && !found.Contains(repository))
                found.Add(repository);
            return repository.Public;
        });
    }

    /// <summary>No password; a record would print all.</summary>
    public override string ToString() => Public;

    private static bool IsWeb(string scheme) =>
        scheme.Equals("https://", StringComparison.OrdinalIgnoreCase) || scheme.Equals("http://", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?<authority>[^/?#]*)(?<rest>.*)$",
        RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Url();

    [GeneratedRegex(@"https?://[^\s""<>]+", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex WebAddress();
}
