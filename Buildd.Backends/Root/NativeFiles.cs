using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Backends.Root;

/// <summary>Calls of the C library and the kernel that .NET has no name for: files without following links, and mounts.</summary>
/// <remarks>The numbers are those of every architecture that .NET runs on (openat2(2), statx(2), mount(2), umount(2)).</remarks>
internal static partial class NativeFiles
{
    internal const int NoSuchFile = 2;
    internal const int NoDirectory = 20;
    internal const int NoSuchCall = 38;
    internal const int Link = 40;

    /// <summary>Not inside the folder that was to be left alone (EXDEV).</summary>
    internal const int Outside = 18;

    private const int CurrentDirectory = -100;
    private const int SysOpenAt2 = 437;
    private const ulong PathOnlyCloseOnExec = 0x200000 | 0x80000; // O_PATH | O_CLOEXEC
    private const int EmptyPath = 0x1000;
    private const uint TypeModeOwnerLinks = 0x1 | 0x2 | 0x4 | 0x8;
    private const uint InodeNumber = 0x100;
    private const int UnmountNoFollow = 8;
    private const nuint BindFlag = 0x1000; // MS_BIND
    private const nuint RemountFlag = 0x20; // MS_REMOUNT
    private const nuint Harmless = 1 | 2 | 4 | 8; // MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    private const uint NoReplace = 1; // RENAME_NOREPLACE
    private const uint SameGroup = uint.MaxValue;

    /// <summary>How a path may be walked.</summary>
    [Flags]
    internal enum Resolve : ulong
    {
        Freely = 0,
        NoLinks = 4,
        Beneath = 8,
    }

    /// <summary>Opens a path to refer to it, not to read it.</summary>
    /// <param name="folder">Where a relative path begins; null means the working folder.</param>
    /// <param name="path">The path.</param>
    /// <param name="resolve">How it may be walked.</param>
    /// <param name="error">The error number where it can't be opened.</param>
    internal static SafeFileHandle? Open(SafeFileHandle? folder, string path, Resolve resolve, out int error)
    {
        var how = new OpenHow { Flags = PathOnlyCloseOnExec, Resolve = (ulong)resolve };
        var added = false;
        try
        {
            folder?.DangerousAddRef(ref added);
            var descriptor = OpenAt2(
                SysOpenAt2, folder is null ? CurrentDirectory : (int)folder.DangerousGetHandle(), path, in how, Marshal.SizeOf<OpenHow>());
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
        }
        finally
        {
            if (added)
                folder!.DangerousRelease();
        }
    }

    internal static (uint Owner, UnixFileMode Mode, bool IsFolder, bool IsRegular, uint Links) Describe(SafeFileHandle handle)
    {
        if (StatX(handle, "", EmptyPath, TypeModeOwnerLinks, out var status) != 0)
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        return (status.Owner, (UnixFileMode)(status.Mode & 0xFFF), (status.Mode & 0xF000) == 0x4000, (status.Mode & 0xF000) == 0x8000, status.Links);
    }

    /// <summary>The file system's number, as the C library puts it together (makedev(3)), and the file's in it.</summary>
    internal static (ulong Device, ulong Inode) Identify(SafeFileHandle handle)
    {
        if (StatX(handle, "", EmptyPath, InodeNumber, out var status) != 0)
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        ulong major = status.DeviceMajor, minor = status.DeviceMinor;
        return (((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12) | (minor & 0xFF), status.Inode);
    }

    /// <exception cref="RootOperationException">It did not work.</exception>
    internal static void Mount(string type, string point, string options, string source = "none")
    {
        if (SysMount(source, point, type, 0, options) != 0)
            throw new RootOperationException($"{type} could not be mounted: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>Has a folder appear at another one.</summary>
    /// <exception cref="RootOperationException">It did not work.</exception>
    internal static void Bind(string folder, string point) => Check(SysMount(folder, point, "none", BindFlag, ""), "the folder could not be bound");

    /// <summary>Takes from what <see cref="Bind"/> made all but reading.</summary>
    /// <exception cref="RootOperationException">It did not work.</exception>
    internal static void MakeReadOnly(string point) =>
        Check(SysMount("none", point, "none", BindFlag | RemountFlag | Harmless, ""), "the folder could not be made read-only");

    /// <summary>Gives a file another name, which nothing may have. It is never copied.</summary>
    /// <returns>False when that is on another mount.</returns>
    /// <exception cref="RootOperationException">It did not work.</exception>
    internal static bool TryRename(string from, string to)
    {
        if (RenameAt2(CurrentDirectory, from, CurrentDirectory, to, NoReplace) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Outside ? false : throw new RootOperationException($"the file could not be moved: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Gives a file a further name; a link is not followed.</summary>
    /// <returns>Whether it has it now; where it has not, that may be because the name is in another file system.</returns>
    internal static bool TryLink(string path, string name) => LinkAt(CurrentDirectory, path, CurrentDirectory, name, 0) == 0;

    /// <summary>Gives a file to a user.</summary>
    /// <exception cref="RootOperationException">It did not work.</exception>
    internal static void Give(string path, uint user) => Check(Chown(path, user, SameGroup), "the file could not be given away");

    /// <returns>What went wrong; null when nothing did.</returns>
    internal static string? Unmount(string point) =>
        SysUnmount(point, UnmountNoFollow) == 0 ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenAt2(nint number, nint folder, string path, in OpenHow how, nint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SysMount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SysUnmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(int fromFolder, string from, int toFolder, string to, int flags);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);

    private static void Check(int result, string mistake)
    {
        if (result != 0)
            throw new RootOperationException($"{mistake}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }

    /// <summary>The beginning of <c>struct statx</c>, and its whole length.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(16)]
        internal uint Links;

        [FieldOffset(20)]
        internal uint Owner;

        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
