using System.Runtime.InteropServices;

namespace Buildd.Linux.Files;

/// <summary>What the kernel says of a file: the parts of statx(2) that are looked at here. An immutable value.</summary>
/// <remarks>Unlike that of stat, the structure is the same on every architecture.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public readonly struct FileFacts
{
    private const int TypeMask = 0xF000;
    private const int PermissionMask = 0xFFF;

    [FieldOffset(16)]
    private readonly uint _links;

    [FieldOffset(20)]
    private readonly uint _owner;

    [FieldOffset(28)]
    private readonly ushort _mode;

    [FieldOffset(32)]
    private readonly ulong _inode;

    [FieldOffset(40)]
    private readonly ulong _size;

    [FieldOffset(48)]
    private readonly ulong _blocks; // of 512 bytes, whatever the file system's are

    [FieldOffset(64)]
    private readonly long _accessSeconds;

    [FieldOffset(72)]
    private readonly uint _accessNanoseconds;

    [FieldOffset(136)]
    private readonly uint _deviceMajor;

    [FieldOffset(140)]
    private readonly uint _deviceMinor;

    /// <summary>The kind of file; <see cref="FileKind.Missing"/> in a value that no file was looked at for.</summary>
    public FileKind Kind => (_mode & TypeMask) switch
    {
        0 => FileKind.Missing,
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Folder,
        0xA000 => FileKind.Link,
        _ => FileKind.Special,
    };

    /// <summary>Whether it is an ordinary file: no folder, link, pipe, socket or device.</summary>
    public bool IsRegular => Kind == FileKind.Regular;

    /// <summary>The permissions, with the bits for set-user-id, set-group-id and sticky.</summary>
    public UnixFileMode Mode => (UnixFileMode)(_mode & PermissionMask);

    /// <summary>The length in bytes.</summary>
    public long Size => (long)_size;

    /// <summary>How much of it is not on the disk and reads as zeros, in bytes.</summary>
    public long HoleBytes => Math.Max(0, Size - (long)(_blocks * 512));

    /// <summary>How many names the file has.</summary>
    public uint Links => _links;

    /// <summary>The number of the account that it belongs to.</summary>
    public uint Owner => _owner;

    /// <summary>When it was last read, as far as the mount keeps that.</summary>
    public DateTimeOffset LastAccess =>
        DateTimeOffset.FromUnixTimeSeconds(_accessSeconds).AddTicks(_accessNanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>The file system's number, as the C library puts it together (makedev(3)) and <c>stat -c %d</c> prints it.</summary>
    public ulong Device
    {
        get
        {
            ulong major = _deviceMajor, minor = _deviceMinor;
            return ((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
        }
    }

    /// <summary>The file's number in its file system.</summary>
    public ulong Inode => _inode;

    /// <summary>Whether both are the same file, whatever its name.</summary>
    public bool IsSameFileAs(in FileFacts other) => _inode == other._inode && Device == other.Device;
}
