using Microsoft.Win32.SafeHandles;

namespace Buildd.Linux.Files;

/// <summary>Folders and files that are certainly on the disk. Any thread may call.</summary>
public static class Durable
{
    /// <summary>Waits until the names in a folder are on the disk; their content is each file's own business.</summary>
    /// <exception cref="IOException">It can't be opened or written.</exception>
    public static void FlushFolder(string path)
    {
        var descriptor = LibC.Open(path, LibC.CloseOnExec);
        if (descriptor < 0)
            throw new IOException($"Can't open the folder {path} to flush it: {LibC.LastError}.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Puts a file in the place of another, or of none: whenever this is cut short, the name has the old content or the new. It
    /// is on the disk when this returns. Two callers for one path at a time spoil each other's.
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
    public static bool IsHeldByAnother(IOException e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.GetType() == typeof(IOException) && e.HResult == LibC.WouldBlock;
    }
}
