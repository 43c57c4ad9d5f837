using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Buildd.Master;

/// <summary>What kind of thing a name in a folder is; the framework tells a pipe from a file only by waiting for a writer.</summary>
internal static unsafe partial class UnixEntry
{
    private const int NoSuchEntry = 2; // ENOENT, errno-base.h
    private const int CurrentFolder = -100; // AT_FDCWD, fcntl.h
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint TypeOnly = 1; // STATX_TYPE, linux/stat.h
    private const int StructureBytes = 256; // of struct statx, the same on all architectures
    private const int ModeOffset = 28; // of stx_mode in it

    private const ushort TypeMask = 0xF000; // S_IFMT

    /// <summary>The kinds that matter here, as stat(2) numbers them.</summary>
    public enum Kind
    {
        /// <summary>There is nothing of that name.</summary>
        Missing = 0,

        /// <summary>A folder.</summary>
        Folder = 0x4000,

        /// <summary>A plain file.</summary>
        File = 0x8000,

        /// <summary>A link, wherever it leads.</summary>
        Link = 0xA000,

        /// <summary>A pipe.</summary>
        Pipe = 0x1000,
    }

    /// <summary>Looks at a name without following it; kinds that have no name here are their number.</summary>
    /// <exception cref="IOException">It can't be looked at.</exception>
    public static Kind KindOf(string path)
    {
        var buffer = stackalloc byte[StructureBytes];
        if (Statx(CurrentFolder, path, NoFollow, TypeOnly, buffer) == 0)
            return (Kind)(*(ushort*)(buffer + ModeOffset) & TypeMask);
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchEntry ? Kind.Missing : throw new IOException($"Can't look at {path}: {new Win32Exception(error).Message}.");
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* buffer);
}
