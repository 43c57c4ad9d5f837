using Buildd.Linux.Processes;

namespace Buildd.Farm;

/// <summary>A folder for as long as something is done in it. Removed with all that is in it, but never across a mount.</summary>
internal sealed class WorkFolder : IAsyncDisposable
{
    private WorkFolder(string path) => Path = path;

    internal string Path { get; }

    /// <summary>Makes one that everybody may enter: the account that builds has to get to its sources.</summary>
    internal static WorkFolder Create(string parent)
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetFullPath(parent), $"buildd-{Environment.ProcessId}");
        Directory.CreateDirectory(path);
        return new WorkFolder(path);
    }

    public async ValueTask DisposeAsync() =>
        await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", "--", Path), CancellationToken.None);
}
