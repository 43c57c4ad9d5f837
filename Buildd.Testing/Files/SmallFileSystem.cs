using Buildd.Linux.Processes;
using Buildd.Testing.Runs;

namespace Buildd.Testing.Files;

/// <summary>A file system of its own that is soon full.</summary>
public sealed class SmallFileSystem : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private SmallFileSystem()
    {
    }

    public string Path => _folder.Path;

    public string this[string name] => _folder[name];

    /// <summary>Mounts one in memory, or does what <see cref="Machine.Require"/> does where that is not allowed.</summary>
    public static async Task<SmallFileSystem> MountAsync(int bytes, string options = "rw")
    {
        Machine.Require(CurrentUser.IsRoot, "root, to mount a small file system");
        var small = new SmallFileSystem();
        var mount = await ProcessRunner.RunAsync(
            Command.Of("mount", "-t", "tmpfs", "-o", $"size={bytes},{options}", "tmpfs", small.Path), _ => { });
        if (!mount.Succeeded)
            small._folder.Dispose();
        Machine.Require(mount.Succeeded, "the right to mount a tmpfs");
        return small;
    }

    /// <summary>Takes up room; as much as there is where <paramref name="bytes"/> is more.</summary>
    public string Fill(string name, int bytes)
    {
        using var file = File.OpenHandle(this[name], FileMode.Create, FileAccess.Write);
        var block = new byte[4096];
        try
        {
            for (var offset = 0; offset < bytes; offset += block.Length)
                RandomAccess.Write(file, block, offset);
        }
        catch (IOException)
        {
            // full
        }

        return this[name];
    }

    public async ValueTask DisposeAsync()
    {
        await ProcessRunner.RunAsync(Command.Of("umount", "--lazy", Path), _ => { });
        _folder.Dispose();
    }
}
