using Buildd.Processes;

namespace Buildd.UnitTests.Testing;

/// <summary>A file system of its own that is soon full.</summary>
internal sealed class SmallFileSystem : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private SmallFileSystem()
    {
    }

    internal string Path => _folder.Path;

    internal string this[string name] => _folder[name];

    /// <summary>Mounts one in memory, or does what <see cref="Machine.Require"/> does where that is not allowed.</summary>
    internal static async Task<SmallFileSystem> MountAsync(int bytes)
    {
        Machine.Require(CurrentUser.IsRoot, "root, to mount a small file system");
        var small = new SmallFileSystem();
        var mount = await ProcessRunner.RunAsync(Command.Of("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", small.Path), _ => { });
        if (!mount.Succeeded)
            small._folder.Dispose();
        Machine.Require(mount.Succeeded, "the right to mount a tmpfs");
        return small;
    }

    public async ValueTask DisposeAsync()
    {
        await ProcessRunner.RunAsync(Command.Of("umount", "--lazy", Path), _ => { });
        _folder.Dispose();
    }
}
