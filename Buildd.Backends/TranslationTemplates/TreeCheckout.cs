using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>Fetches the source tree that templates are made of, as the build's user in the system.</summary>
/// <param name="request">What is fetched.</param>
/// <param name="system">The system.</param>
/// <param name="user">Who fetches.</param>
/// <param name="tree">Where the tree is to be; the folder around it belongs to the user.</param>
internal sealed class TreeCheckout(TemplatesRequest request, BuildEnvironment system, BuildUser user, string tree)
{
    /// <summary>A commit has 40 digits, or 64.</summary>
    private const int MaxRevisionBytes = 100;

    private readonly RepositoryHome _home = new(system, user, Path.GetDirectoryName(tree) + "/.fetch-home");

    private string Around => Path.GetDirectoryName(tree)!;

    /// <summary>Fetches it. Afterwards nothing of it has the password: what the tree brings is run as the same user.</summary>
    /// <param name="say">Gets a sentence about what is missing of it.</param>
    /// <param name="abort">Stops it.</param>
    /// <returns>The id of the commit; null for a branch of Bazaar, and where git does not say it.</returns>
    /// <exception cref="PhaseFailedException">It could not be fetched.</exception>
    internal async Task<string?> RunAsync(Action<string> say, CancellationToken abort)
    {
        await _home.MakeAsync([request.Repository], abort).ConfigureAwait(false);
        if (request.IsGit)
        {
            // What a clone's own configuration or a submodule could name as a transport that runs commands, git refuses by itself.
            await RunOrFailAsync(Try("git", "clone", "-n", "--", request.Address, tree), Around, abort).ConfigureAwait(false);
            await RunOrFailAsync(Git("checkout", "-q", request.GitPath ?? "HEAD"), tree, abort).ConfigureAwait(false);
            if (await RunAsync(Git("submodule", "update", "--init", "--recursive"), tree, abort).ConfigureAwait(false) != 0)
                say("The submodules can't be fetched; the build goes on without them");
        }
        else
        {
            await RunOrFailAsync(Try("bzr", "branch", request.Address, tree), Around, abort).ConfigureAwait(false);
        }

        await _home.RemoveAsync(abort).ConfigureAwait(false);
        return request.IsGit ? await FindRevisionAsync(abort).ConfigureAwait(false) : null;
    }

    private async Task<string?> FindRevisionAsync(CancellationToken abort)
    {
        var revision = new StringBuilder();
        await system.RunInsideAsync(
            user.Inside(
                Command.Of("/bin/sh", "-c", "exec git rev-parse \"$1\" 2>/dev/null", "sh", $"{request.GitPath ?? "HEAD"}^{{}}"), tree),
            abort,
            output: bytes => revision.Append(Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, MaxRevisionBytes)])),
            description: "ask for the commit").ConfigureAwait(false);
        return revision.ToString().Trim() is { Length: > 0 and <= MaxRevisionBytes } commit && commit.All(char.IsAsciiHexDigit)
            ? commit
            : null;
    }

    private Command Git(params IEnumerable<string> words) => InHome(["git", .. words]);

    private Command Try(params IEnumerable<string> words) => InHome(FetchRetry.Words(words));

    private Command InHome(IEnumerable<string> words) =>
        Command.Of(
            "env",
            [$"HOME={_home.Path}", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=http:https:git:ssh", "LANG=C.UTF-8", .. words]);

    private Task<int> RunAsync(Command command, string folder, CancellationToken abort) =>
        system.RunInsideAsync(user.Inside(command, folder), abort);

    private async Task RunOrFailAsync(Command command, string folder, CancellationToken abort)
    {
        if (await RunAsync(command, folder, abort).ConfigureAwait(false) is not 0 and var code)
            throw TranslationTemplatesWork.Failed($"a command ended with {new ExitCode(code).Describe()}");
    }
}
