using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Farm.Inputs;

/// <summary>What the framework has no call for.</summary>
internal static class Durability
{
    private const int OpenFolder = 0x80000; // O_RDONLY | O_CLOEXEC

    /// <summary>Waits until the names in a folder are on the disk.</summary>
    /// <exception cref="IOException">It can't be opened or written.</exception>
    internal static void FlushFolder(string path)
    {
        var descriptor = Open(path, OpenFolder);
        if (descriptor < 0)
            throw new IOException($"Can't open the folder {path} to flush it: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
