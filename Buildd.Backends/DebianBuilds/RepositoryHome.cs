using System.Text;
using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.DebianBuilds;

/// <summary>
/// A home folder for git and Bazaar in a build's system, with files that open the repositories of the build. It is there for the programs
/// that fetch, which belong to the build's user, and is removed before anything that they have fetched is run.
/// </summary>
/// <param name="system">The system.</param>
/// <param name="user">Who fetches.</param>
/// <param name="path">Where the folder is in the system; the folder around it belongs to the user.</param>
internal sealed class RepositoryHome(BuildEnvironment system, BuildUser user, string path)
{
    private const string Store = ".credentials-";

    private const string MakeScript = """rm -rf -- "$1" && mkdir -m 700 -- "$1" """;

    private const string WriteScript = """umask 077; mkdir -p -- "${1%/*}" && cat > "$1" """;

    /// <summary>The folder's path in the system.</summary>
    internal string Path => path;

    /// <summary>Makes it. What is secret is in standard input only.</summary>
    /// <exception cref="PhaseFailedException">It can't be made.</exception>
    internal async Task MakeAsync(IReadOnlyList<RepositoryUrl> repositories, CancellationToken cancellationToken)
    {
        await RunAsync(
            "make a folder for the programs that fetch", Command.Of("/bin/sh", "-c", MakeScript, "sh", path), default, cancellationToken)
            .ConfigureAwait(false);
        foreach (var (name, content) in FilesFor(repositories))
        {
            await RunAsync(
                $"write {path}/{name}, for the programs that fetch", Command.Of("/bin/sh", "-c", WriteScript, "sh", $"{path}/{name}"),
                Encoding.UTF8.GetBytes(content), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes it.</summary>
    /// <exception cref="PhaseFailedException">It stays.</exception>
    internal Task RemoveAsync(CancellationToken cancellationToken) => RunAsync(
        "remove the folder of the programs that fetch", Command.Of("rm", "-rf", "--", path), default, cancellationToken);

    /// <summary>The files in it; none where no repository has credentials.</summary>
    internal static IEnumerable<(string Name, string Content)> FilesFor(IReadOnlyList<RepositoryUrl> repositories)
    {
        var closed = repositories.Where(repository => repository.UserInfo.Length > 0).ToList();
        if (closed.Count == 0)
            yield break;
        var git = new StringBuilder();
        for (var i = 0; i < closed.Count; i++)
        {
            yield return ($"{Store}{i}", closed[i].StoreLine + "\n");
            AddHelper(git, closed[i].Public, i);
        }

        // Then by server: a submodule lies beside its repository. git asks in the order of the file.
        foreach (var (server, i) in closed.Select((repository, i) => (repository.Scheme + repository.Server, i)))
            AddHelper(git, server, i);
        yield return (".gitconfig", git.ToString());

        var bazaar = string.Concat(closed.Select(BazaarSection));
        // Bazaar looks for the first, Breezy for the second where it is there.
        yield return (".bazaar/authentication.conf", bazaar);
        yield return (".config/breezy/authentication.conf", bazaar);
    }

    private static void AddHelper(StringBuilder configuration, string url, int number)
    {
        var name = url.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        configuration.Append(
            System.Globalization.CultureInfo.InvariantCulture,
            $"[credential \"{name}\"]\n\thelper = \"store --file=\\\"$HOME/{Store}{number}\\\"\"\n");
    }

    private static string BazaarSection(RepositoryUrl repository, int number)
    {
        var colon = repository.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var (name, password) = colon < 0
            ? (repository.UserInfo, "")
            : (repository.UserInfo[..colon], repository.UserInfo[(colon + 1)..]);
        var port = repository.Server.LastIndexOf(':') is >= 0 and var at && repository.Server[(at + 1)..].All(char.IsAsciiDigit) ? at : -1;
        return $"[buildd-{number}]\nscheme = {repository.Scheme[..^"://".Length].ToLowerInvariant()}\n"
            + $"host = {Quote(port < 0 ? repository.Server : repository.Server[..port])}\n"
            + (port < 0 ? "" : $"port = {repository.Server[(port + 1)..]}\n")
            + $"user = {Quote(Uri.UnescapeDataString(name))}\npassword = {Quote(Uri.UnescapeDataString(password))}\n";
    }

    /// <summary>As ConfigObj reads a value, in which a comma would make a list and a number sign a comment.</summary>
    private static string Quote(string value)
    {
        var quote = !value.Contains('"', StringComparison.Ordinal) && !value.Contains('\n', StringComparison.Ordinal) ? "\""
            : !value.Contains('\'', StringComparison.Ordinal) && !value.Contains('\n', StringComparison.Ordinal) ? "'"
            : "'''";
        return quote + value + quote;
    }

    private async Task RunAsync(string description, Command command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        var code = await system.RunInsideAsync(user.Inside(command, "/"), cancellationToken, input, description: description)
            .ConfigureAwait(false);
        if (code != 0)
            throw new PhaseFailedException(BuildStatus.BuilderFail, $"'{description}' ended with {new ExitCode(code).Describe()}");
    }
}
