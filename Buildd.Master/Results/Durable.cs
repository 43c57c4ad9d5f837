using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Master.Results;

/// <summary>What the framework has no call for: folders and files that are certainly on the disk.</summary>
internal static partial class Durable
{
    private const int WouldBlock = 11; // EAGAIN, the same
    private const int OpenFolder = 0x80000; // O_RDONLY | O_CLOEXEC, the same on all of Debian's architectures but alpha, hppa and sparc

    /// <summary>Waits until the names in a folder are on the disk; their content is each file's own business.</summary>
    /// <exception cref="IOException">It can't be opened or written.</exception>
    public static void FlushFolder(string path)
    {
        var descriptor = Open(path, OpenFolder);
        if (descriptor < 0)
            throw new IOException($"Can't open the folder {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Puts a file in the place of another, or of none: whenever this is cut short, the name has the old content or the new. It
    /// is on the disk when this returns.
    /// </summary>
    /// <exception cref="IOException">The disk failed; the old content is still there.</exception>
    public static void ReplaceFile(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>
    /// Whether a file could not be opened for oneself alone because another process has it so; the framework says EWOULDBLOCK of
    /// flock(2) by that number, and has no exception of its own for it.
    /// </summary>
    public static bool IsHeldByAnother(IOException e) => e.GetType() == typeof(IOException) && e.HResult == WouldBlock;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
