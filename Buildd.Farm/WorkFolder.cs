using Buildd.Linux.Processes;

namespace Buildd.Farm;

/// <summary>A folder for as long as something is done in it. Removed with all that is in it, but never across a mount.</summary>
internal sealed class WorkFolder : IAsyncDisposable
{
    private WorkFolder(string path) => Path = path;

    internal string Path { get; }

    /// <summary>
    /// Makes one that nobody else can have made or foreseen: the parent may be everybody's, and root works here. Others may go through it,
    /// since the account that builds has to get to its sources, but neither list nor change it.
    /// </summary>
    /// <exception cref="ProcessException">It can't be made.</exception>
    internal static async Task<WorkFolder> CreateAsync(string parent, CancellationToken cancellationToken)
    {
        const UnixFileMode Through = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        parent = Directory.CreateDirectory(parent).FullName;
        // mktemp makes it anew and for its maker only; what is there already it never takes.
        var made = await ProcessRunner.CaptureAsync(
            Command.Of("mktemp", "-d", "--", System.IO.Path.Combine(parent, "buildd-XXXXXXXXXXXX")),
            cancellationToken);
        var path = made.TrimEnd('\n');
        File.SetUnixFileMode(path, Through);
        return new WorkFolder(path);
    }

    public async ValueTask DisposeAsync() =>
        await ProcessRunner.CaptureAsync(Command.Of("rm", "-rf", "--one-file-system", "--", Path), CancellationToken.None);
}
