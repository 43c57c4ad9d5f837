using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Support;

/// <summary>Git repositories made of a folder's content.</summary>
internal static class GitRepository
{
    /// <summary>The tag of the commit.</summary>
    internal const string Tag = "v1";

    /// <summary>Makes a repository of a folder, with all that is in it as one commit.</summary>
    /// <param name="folder">The folder; it is made if it is not there.</param>
    /// <param name="script">Shell that makes the files first, run in the folder.</param>
    /// <param name="arguments">What it finds as $1 and so on.</param>
    /// <returns>The commit.</returns>
    internal static async Task<string> CommitAsync(string folder, string script = "", params string[] arguments)
    {
        Directory.CreateDirectory(folder);
        const string Commit = "git add -A -f\ngit -c user.name=Test -c user.email=test@example.org commit -q -m 'All of it'";
        var all = $"git init -q -b main\n{script}\n{Commit}\ngit tag {Tag}\nchmod -R a+rX .";
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", ["-e", "-c", all, "sh", .. arguments]) with { WorkingDirectory = folder });
        return (await RunAsync(folder, "rev-parse", "HEAD")).Trim();
    }

    /// <summary>The same, served over HTTP as plain files.</summary>
    /// <returns>The address, and the commit.</returns>
    internal static async Task<(string Url, string Commit)> ServeAsync(FileServer server, string folder)
    {
        var commit = await CommitAsync(folder);
        var bare = folder + ".git";
        await RunAsync(folder, "clone", "-q", "--bare", folder, bare);
        await RunAsync(bare, "update-server-info");
        return (server.AddFolder(Path.GetFileName(bare), bare), commit);
    }

    private static Task<string> RunAsync(string folder, params string[] words) =>
        ProcessRunner.CaptureAsync(Command.Of("git", words) with { WorkingDirectory = folder });
}
