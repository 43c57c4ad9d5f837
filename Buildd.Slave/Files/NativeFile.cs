using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Slave.Files;

/// <summary>
/// What the framework has no call for: to look at a file, and to open one, without following a link or waiting at a pipe; to
/// rename without copying; to share another file's blocks.
/// </summary>
/// <remarks>Flags and numbers are those of Linux; where architectures of Debian differ, it says so.</remarks>
internal static partial class NativeFile
{
    private const int NotPermitted = 1; // EPERM
    private const int NoSuchFile = 2; // ENOENT
    private const int Interrupted = 4; // EINTR
    private const int NoSuchDevice = 6; // ENXIO: a socket
    private const int AccessDenied = 13; // EACCES
    private const int OtherFileSystem = 18; // EXDEV
    private const int NotAFolder = 20; // ENOTDIR
    private const int NameTooLong = 36; // ENAMETOOLONG
    private const int TooManyLinks = 40; // ELOOP: a link, where none is followed

    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the descriptor itself
    private const uint BasicFacts = 0x7FF; // STATX_BASIC_STATS

    private const int ReadOnlyNotWaitingClosedOnExec = 0x800 | 0x80000; // O_RDONLY | O_NONBLOCK | O_CLOEXEC

    private const int SetLease = 1024; // F_SETLEASE
    private const int ReadLease = 0; // F_RDLCK
    private const int NoLease = 2; // F_UNLCK

    private const int MayReadWriteEnter = 4 | 2 | 1; // R_OK | W_OK | X_OK

    /// <summary>O_NOFOLLOW: arm and PowerPC have a number of their own.</summary>
    private static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Armv6 or Architecture.Arm64 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    /// <summary>FICLONE, <c>_IOW(0x94, 9, int)</c>: PowerPC spells "write" otherwise.</summary>
    private static readonly nuint CloneRequest =
        RuntimeInformation.ProcessArchitecture is Architecture.Ppc64le ? 0x80049409 : 0x40049409;

    /// <summary>The account that this process acts as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial uint GetEffectiveUserId();

    /// <summary>Looks at what has a name; null when nothing has. A link is looked at itself.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    internal static FileFacts? Look(string path)
    {
        if (Statx(CurrentFolder, path, NoFollow, BasicFacts, out var facts) == 0)
            return facts;
        return Marshal.GetLastPInvokeError() is NoSuchFile or NotAFolder ? null : throw Failure("look at", path);
    }

    /// <summary>Looks at an open file.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    internal static FileFacts Look(SafeFileHandle file)
    {
        var descriptor = (int)file.DangerousGetHandle();
        return Statx(descriptor, "", EmptyPath, BasicFacts, out var facts) == 0 ? facts : throw Failure("look at", "an open file");
    }

    /// <summary>Opens a file for reading. A link is not followed, and a pipe is not waited for.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It is a link, or can't be opened.</exception>
    internal static SafeFileHandle OpenToRead(string path) => Open(path) is (var descriptor, 0)
        ? new SafeFileHandle(descriptor, ownsHandle: true)
        : throw OpenFailure(path);

    /// <summary>As <see cref="OpenToRead"/>, but null where there is no ordinary file of that name, whatever else there is.</summary>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="IOException">It can't be opened: the process has too many files open, or the disk is broken.</exception>
    internal static SafeFileHandle? TryOpenRegular(string path)
    {
        var (descriptor, error) = Open(path);
        if (error != 0)
            return error is NoSuchFile or NoSuchDevice or NotAFolder or NameTooLong or TooManyLinks ? null : throw OpenFailure(path);

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Look(file).IsRegular)
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>Gives a file another name, replacing what has it. Unlike <see cref="File.Move(string, string, bool)"/> it never copies.</summary>
    /// <returns>False when that is another file system.</returns>
    /// <exception cref="IOException">It can't be renamed.</exception>
    internal static bool TryRename(string from, string to)
    {
        if (Rename(from, to) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is OtherFileSystem ? false : throw Failure("rename", from);
    }

    /// <summary>Has an empty file share the blocks of another one, where the file system can do that (btrfs, XFS).</summary>
    internal static bool TryClone(SafeFileHandle from, SafeFileHandle to) =>
        Ioctl(to, CloneRequest, from.DangerousGetHandle()) == 0;

    /// <summary>
    /// Whether certainly nobody has the file open for writing: only then does the kernel grant a read lease (fcntl(2)). The
    /// file has to be ours; a file system without leases counts as no.
    /// </summary>
    internal static bool HasNoWriter(SafeFileHandle file) =>
        Fcntl(file, SetLease, ReadLease) == 0 && Fcntl(file, SetLease, NoLease) == 0;

    /// <summary>Makes a file our own.</summary>
    /// <returns>Whether it is.</returns>
    internal static bool TryOwn(SafeFileHandle file) => Chown(file, GetEffectiveUserId(), GetEffectiveGroupId()) == 0;

    /// <summary>Why this process can't list, enter or write a folder; null when it can.</summary>
    internal static string? FindRefusal(string folder) =>
        Access(folder, MayReadWriteEnter) == 0 ? null : new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    private static (int Descriptor, int Error) Open(string path)
    {
        while (true)
        {
            var descriptor = Open(path, ReadOnlyNotWaitingClosedOnExec | OpenNoFollow);
            if (descriptor >= 0)
                return (descriptor, 0);
            if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
                return (descriptor, error);
        }
    }

    private static Exception OpenFailure(string path) => Marshal.GetLastPInvokeError() switch
    {
        NoSuchFile => new FileNotFoundException($"there is no '{path}'", path),
        NotPermitted or AccessDenied => new UnauthorizedAccessException($"'{path}' may not be read"),
        _ => Failure("open", path),
    };

    private static IOException Failure(string what, string path) =>
        new($"can't {what} '{path}': {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out FileFacts facts);

    [LibraryImport("libc", EntryPoint = "open64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Chown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveGroupId();
}
