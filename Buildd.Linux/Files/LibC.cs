using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Linux.Files;

/// <summary>
/// The calls on files that .NET has no name for. Numbers are those of Linux; where architectures of Debian differ, it says so.
/// </summary>
internal static unsafe partial class LibC
{
    internal const int NotPermitted = 1; // EPERM
    internal const int NoSuchFile = 2; // ENOENT
    internal const int Interrupted = 4; // EINTR
    internal const int NoSuchDevice = 6; // ENXIO: a socket
    internal const int WouldBlock = 11; // EAGAIN, the same
    internal const int AccessDenied = 13; // EACCES
    internal const int OtherFileSystem = 18; // EXDEV
    internal const int NotAFolder = 20; // ENOTDIR
    internal const int BrokenPipe = 32; // EPIPE
    internal const int NameTooLong = 36; // ENAMETOOLONG
    internal const int TooManyLinks = 40; // ELOOP: a link, where none is followed

    internal const int WorkingFolder = -100; // AT_FDCWD
    internal const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    internal const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the descriptor itself
    internal const uint BasicFacts = 0x7FF; // STATX_BASIC_STATS

    internal const int ReadAndWrite = 2; // O_RDWR
    internal const int NonBlocking = 0x800; // O_NONBLOCK: opening a pipe doesn't wait for its other end
    internal const int CloseOnExec = 0x80000; // O_CLOEXEC
    internal const int PathOnly = 0x200000; // O_PATH

    internal const int GetDescriptorFlags = 1; // F_GETFD
    internal const int SetDescriptorFlags = 2; // F_SETFD
    internal const int CloseDescriptorOnExec = 1; // FD_CLOEXEC
    internal const int SetLease = 1024; // F_SETLEASE
    internal const int ReadLease = 0; // F_RDLCK
    internal const int NoLease = 2; // F_UNLCK

    internal const int LockAloneAtOnce = 2 | 4; // LOCK_EX | LOCK_NB

    internal const int MayReadWriteEnter = 4 | 2 | 1; // R_OK | W_OK | X_OK
    internal const uint NoReplace = 1; // RENAME_NOREPLACE
    internal const uint SameGroup = uint.MaxValue;
    internal const uint SameOwner = uint.MaxValue;

    internal const nint DefaultAction = 0; // SIG_DFL

    private const int SysOpenAt2 = 437; // openat2(2) is of a time when all architectures began to share numbers

    /// <summary>O_NOFOLLOW: arm and PowerPC have a number of their own.</summary>
    internal static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Armv6 or Architecture.Arm64 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    /// <summary>FICLONE, <c>_IOW(0x94, 9, int)</c>: PowerPC spells "write" otherwise.</summary>
    internal static readonly nuint CloneRequest =
        RuntimeInformation.ProcessArchitecture is Architecture.Ppc64le ? 0x80049409 : 0x40049409;

    /// <summary>What the last call that failed said of it.</summary>
    internal static string LastError => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    internal static nint OpenAt2(nint folder, string path, int flags, PathWalk walk) =>
        SysCall(SysOpenAt2, folder, path, new OpenHow { Flags = (ulong)flags, Resolve = (ulong)walk }, sizeof(OpenHow));

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Statx(int folder, string path, int flags, uint mask, out FileFacts facts);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, out FileFacts facts);

    [LibraryImport("libc", EntryPoint = "open64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int LinkAt(int fromFolder, string from, int toFolder, string to, int flags);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Chown(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Chown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int FileControl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int FileControl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial uint SetMask(uint mask);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Duplicate(int descriptor, int number);

    /// <summary>Replaces this program by another, or by itself; returns only when that can't be.</summary>
    internal static void Execute(string path, IReadOnlyList<string> words)
    {
        var texts = new nint[words.Count + 1]; // and a null behind them
        for (var i = 0; i < words.Count; i++)
            texts[i] = Marshal.StringToCoTaskMemUTF8(words[i]);
        _ = SysExecute(path, texts);
        foreach (var text in texts)
            Marshal.FreeCoTaskMem(text);
    }

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial nint SetSignal(int signal, nint action);

    [LibraryImport("libc", EntryPoint = "prlimit64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int ReadLimit(int process, int resource, nint change, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "prlimit64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int WriteLimit(int process, int resource, in ResourceLimit change, nint old);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SysExecute(string path, nint[] words);

    [LibraryImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial uint GetEffectiveGroupId();

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SysCall(nint number, nint folder, string path, in OpenHow how, nint size);

    /// <summary>struct rlimit64.</summary>
    internal struct ResourceLimit
    {
        internal ulong Soft;
        internal ulong Hard;
    }

    private struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }
}
