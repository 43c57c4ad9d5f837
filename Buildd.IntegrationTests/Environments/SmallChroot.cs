using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// A tarball with just enough of a system in it to be unpacked, mounted, entered and worked in within a moment. Its apt-get
/// installs nothing: it leaves processes in every way that it can.
/// </summary>
internal static class SmallChroot
{
    private static readonly string Script = Scripts.Text(typeof(SmallChroot), "Environments/make-small-chroot.sh");

    /// <summary>Makes it in an empty folder, and returns its content.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="nap">How long the processes sleep that it leaves.</param>
    internal static async Task<byte[]> MakeAsync(string folder, string nap)
    {
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", Script, "sh", nap) with { WorkingDirectory = folder });
        return await File.ReadAllBytesAsync(Path.Combine(folder, "small.tar.gz"));
    }
}
