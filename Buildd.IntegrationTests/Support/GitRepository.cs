using Buildd.Processes;

namespace Buildd.IntegrationTests.Support;

/// <summary>A git repository made of a folder's content, served over HTTP as plain files.</summary>
internal static class GitRepository
{
    /// <summary>Commits all that is in a folder, and serves it.</summary>
    /// <returns>The address.</returns>
    internal static async Task<string> ServeAsync(FileServer server, string folder)
    {
        var bare = folder + ".git";
        await RunAsync(folder, "init", "-q", "-b", "main");
        await RunAsync(folder, "add", "-A", "-f");
        await RunAsync(folder, "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "All of it");
        await RunAsync(folder, "clone", "-q", "--bare", folder, bare);
        await RunAsync(bare, "update-server-info");
        return server.AddFolder(Path.GetFileName(bare), bare);
    }

    /// <summary>The commit that is served.</summary>
    internal static async Task<string> CommitAsync(string folder) =>
        (await ProcessRunner.CaptureAsync(Command.Of("git", "rev-parse", "HEAD") with { WorkingDirectory = folder })).Trim();

    private static Task<string> RunAsync(string folder, params string[] words) =>
        ProcessRunner.CaptureAsync(Command.Of("git", words) with { WorkingDirectory = folder });
}
