using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Backends.Root;

/// <summary>
/// A file or folder that was looked at and is held: whatever is later renamed or put in its place, this stays what it was.
/// </summary>
internal sealed class OpenedPath : IDisposable
{
    private const NativeFiles.Resolve Below = NativeFiles.Resolve.Beneath | NativeFiles.Resolve.NoLinks;

    private readonly SafeFileHandle _handle;

    private OpenedPath(SafeFileHandle handle)
    {
        _handle = handle;
        (Owner, Mode, IsFolder, IsRegular, Links) = NativeFiles.Describe(handle);
        (Device, Inode) = NativeFiles.Identify(handle);
    }

    /// <summary>The number of the file system it is in, as the C library has it.</summary>
    internal ulong Device { get; }

    /// <summary>Its number in there.</summary>
    internal ulong Inode { get; }

    /// <summary>The two, as <c>stat -c %d:%i</c> has them.</summary>
    internal string Identity => string.Create(CultureInfo.InvariantCulture, $"{Device}:{Inode}");

    /// <summary>The number of the user whose it is.</summary>
    internal uint Owner { get; }

    internal UnixFileMode Mode { get; }

    internal bool IsFolder { get; }

    internal bool IsRegular { get; }

    /// <summary>How many names the file has.</summary>
    internal uint Links { get; }

    /// <summary>A path that leads to it, and never to anything else, as long as this is not disposed; for our children too.</summary>
    internal string Handle => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Its path on this machine at the moment, without a link in it; what the kernel calls it in its lists.</summary>
    internal string Place => File.ResolveLinkTarget(Handle, returnFinalTarget: false)!.FullName;

    /// <summary>Opens a full path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLinks">Whether there may be links on the way.</param>
    /// <exception cref="RootOperationException">It is not there, or a link is on the way.</exception>
    internal static OpenedPath Open(string path, bool followLinks = false)
    {
        if (!Path.IsPathFullyQualified(path))
            throw new RootOperationException($"'{path}' is no full path");
        return TryOpen(null, path, followLinks ? NativeFiles.Resolve.Freely : NativeFiles.Resolve.NoLinks, path, out var mistake)
            ?? throw new RootOperationException(mistake);
    }

    /// <summary>Opens what is below this folder, without following a link.</summary>
    /// <exception cref="RootOperationException">It is not there, or a link is on the way.</exception>
    internal OpenedPath OpenBelow(string path) =>
        TryOpen(_handle, path, Below, Path.Combine(Place, path), out var mistake) ?? throw new RootOperationException(mistake);

    /// <summary>The same for a folder.</summary>
    /// <exception cref="RootOperationException">It is not there or no folder, or a link is on the way.</exception>
    internal OpenedPath OpenFolderBelow(string path)
    {
        var opened = OpenBelow(path);
        if (opened.IsFolder)
            return opened;
        opened.Dispose();
        throw new RootOperationException($"'{Path.Combine(Place, path)}' is no folder");
    }

    /// <summary>Whether there is anything of that name, be it a link.</summary>
    internal bool Has(string name)
    {
        using var handle = NativeFiles.Open(_handle, name, Below, out var error);
        return error != NativeFiles.NoSuchFile;
    }

    public void Dispose() => _handle.Dispose();

    private static OpenedPath? TryOpen(SafeFileHandle? folder, string path, NativeFiles.Resolve resolve, string name, out string mistake)
    {
        var handle = NativeFiles.Open(folder, path, resolve, out var error);
        mistake = error switch
        {
            NativeFiles.NoSuchFile => $"'{name}' is not there",
            NativeFiles.NoDirectory => $"'{name}' leads through something that is no folder",
            NativeFiles.Link or NativeFiles.Outside => $"'{name}' is a symbolic link or leads through one, which is not followed",
            NativeFiles.NoSuchCall => "this kernel can't open files without following links: Linux 5.6 or later is needed",
            _ => $"'{name}' can't be opened: {Marshal.GetPInvokeErrorMessage(error)}",
        };
        return handle is null ? null : new OpenedPath(handle);
    }
}
