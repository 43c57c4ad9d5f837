using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Backends;

/// <summary>What a name in a folder stands for, links not followed.</summary>
internal enum FileKind
{
    /// <summary>Nothing of that name is there, or it can't be looked at.</summary>
    Missing,

    /// <summary>An ordinary file.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, wherever it leads.</summary>
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,
}

/// <summary>Looks at files that a build has made, which may be anything and may be exchanged at any time.</summary>
internal static partial class UnixFile
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollowFlag = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int EmptyPathFlag = 0x1000; // AT_EMPTY_PATH
    private const uint TypeAndSize = 0x201; // STATX_TYPE | STATX_SIZE
    private const int TypeMask = 0xF000;
    private const int NonBlocking = 0x800; // O_NONBLOCK: who opens a pipe does not wait for its other end
    private const int CloseOnExec = 0x80000; // O_CLOEXEC

    /// <summary>O_NOFOLLOW, the one flag here that differs between the architectures .NET runs on.</summary>
    private static readonly int NoFollow =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Armv6 or Architecture.Arm64 or Architecture.Ppc64le
            ? 0x8000
            : 0x20000;

    /// <summary>What the name stands for.</summary>
    internal static FileKind KindOf(string path) =>
        Statx(CurrentFolder, path, NoFollowFlag, TypeAndSize, out var status) == 0 ? status.Kind : FileKind.Missing;

    /// <summary>Reads a small ordinary file, without waiting and without following a link.</summary>
    /// <param name="path">Where it should be.</param>
    /// <param name="maxBytes">What is taken at the most.</param>
    /// <returns>The content, or what is wrong, or neither where nothing of that name is there.</returns>
    internal static (byte[]? Content, string? Mistake) ReadSmall(string path, int maxBytes)
    {
        // Looked at before too: opening a device may do something to it.
        if (KindOf(path) is var kind and not FileKind.Regular)
            return (null, kind == FileKind.Missing ? null : Describe(kind));

        using var file = Open(path, NonBlocking | NoFollow | CloseOnExec);
        if (file.IsInvalid)
            return (null, $"it can't be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        if (Statx(file, "", EmptyPathFlag, TypeAndSize, out var status) != 0 || status.Kind != FileKind.Regular)
            return (null, Describe(status.Kind));
        if (status.Size > (ulong)maxBytes)
            return (null, $"it has {status.Size} bytes; {maxBytes} are the most");
        try
        {
            var content = new byte[maxBytes + 1]; // it may grow while it is read
            var length = RandomAccess.Read(file, content, 0);
            return length > maxBytes ? (null, $"it has more than {maxBytes} bytes") : (content[..length], null);
        }
        catch (IOException e)
        {
            return (null, $"it can't be read: {e.Message}");
        }
    }

    /// <summary>The kind in words, as the end of a sentence.</summary>
    internal static string Describe(FileKind kind) => kind switch
    {
        FileKind.Missing => "it is not there",
        FileKind.Regular => "it is an ordinary file",
        FileKind.Folder => "it is a folder",
        FileKind.Link => "it is a symbolic link, which is not followed",
        FileKind.Special => "it is a pipe, a socket or a device",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle Open(string path, int flags);

    /// <summary>The kernel's struct statx, which is the same on every architecture (statx(2)).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct FileStatus
    {
        [FieldOffset(28)]
        private readonly ushort _mode;

        [FieldOffset(40)]
        private readonly ulong _size;

        public FileKind Kind => (_mode & TypeMask) switch
        {
            0 => FileKind.Missing,
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Folder,
            0xA000 => FileKind.Link,
            _ => FileKind.Special,
        };

        public ulong Size => _size;
    }
}
