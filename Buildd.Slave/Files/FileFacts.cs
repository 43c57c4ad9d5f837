using System.Runtime.InteropServices;

namespace Buildd.Slave.Files;

/// <summary>What the kernel says of a file, without following a link: the parts of statx(2) that are looked at here.</summary>
/// <remarks>Unlike stat, the structure is the same on every architecture.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct FileFacts
{
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Link = 0xA000;

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
    private readonly ulong _device;

    /// <summary>Whether it is an ordinary file: no folder, link, pipe, socket or device.</summary>
    internal bool IsRegular => (_mode & TypeMask) == RegularFile;

    internal bool IsLink => (_mode & TypeMask) == Link;

    internal long Size => (long)_size;

    /// <summary>How much of it is not on the disk and reads as zeros, in bytes.</summary>
    internal long HoleBytes => Math.Max(0, Size - (long)(_blocks * 512));

    /// <summary>How many names the file has.</summary>
    internal uint Links => _links;

    /// <summary>The number of the account that it belongs to.</summary>
    internal uint Owner => _owner;

    internal DateTimeOffset LastAccess =>
        DateTimeOffset.FromUnixTimeSeconds(_accessSeconds).AddTicks(_accessNanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>Whether both are the same file, whatever its name.</summary>
    internal bool IsSameFileAs(in FileFacts other) => _inode == other._inode && _device == other._device;
}
