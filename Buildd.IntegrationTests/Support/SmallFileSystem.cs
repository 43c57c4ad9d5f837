using Buildd.Processes;
using Buildd.UnitTests.Testing;

namespace Buildd.IntegrationTests.Support;

/// <summary>A file system of a test's own that is soon full, in memory.</summary>
internal sealed class SmallFileSystem : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private SmallFileSystem()
    {
    }

    internal string Path => _folder.Path;

    internal static async Task<SmallFileSystem> MountAsync(int mebibytes, string options = "rw")
    {
        Machine.Require(Environment.IsPrivilegedProcess, "root, to mount a small file system");
        var system = new SmallFileSystem();
        await ProcessRunner.CaptureAsync(Command.Of("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m,{options}", "buildd-test", system.Path));
        return system;
    }

    /// <summary>Takes up room.</summary>
    internal string Fill(string name, int mebibytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, new byte[mebibytes * 1024 * 1024]);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await ProcessRunner.CaptureAsync(Command.Of("umount", Path));
        _folder.Dispose();
    }
}
