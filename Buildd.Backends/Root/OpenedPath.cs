using System.Globalization;
using System.Runtime.InteropServices;
using Buildd.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Backends.Root;

/// <summary>
/// A file or folder that was looked at and is held: whatever is later renamed or put in its place, this stays what it was.
/// </summary>
internal sealed class OpenedPath : IDisposable
{
    private const PathWalk Below = PathWalk.Beneath | PathWalk.NoLinks;

    private readonly SafeFileHandle _handle;
    private readonly FileFacts _facts;

    private OpenedPath(SafeFileHandle handle)
    {
        _handle = handle;
        _facts = UnixFile.Look(handle);
    }

    /// <summary>The number of the file system it is in, as the C library has it.</summary>
    internal ulong Device => _facts.Device;

    /// <summary>Its number in there.</summary>
    internal ulong Inode => _facts.Inode;

    /// <summary>The two, as <c>stat -c %d:%i</c> has them.</summary>
    internal string Identity => string.Create(CultureInfo.InvariantCulture, $"{Device}:{Inode}");

    /// <summary>The number of the user whose it is.</summary>
    internal uint Owner => _facts.Owner;

    internal UnixFileMode Mode => _facts.Mode;

    internal bool IsFolder => _facts.Kind == FileKind.Folder;

    internal bool IsRegular => _facts.IsRegular;

    /// <summary>How many names the file has.</summary>
    internal uint Links => _facts.Links;

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
        return TryOpen(null, path, followLinks ? PathWalk.Freely : PathWalk.NoLinks, path, out var mistake)
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
        using var handle = UnixFile.TryOpenPath(_handle, name, Below, out var error);
        return error != PathError.NoSuchFile;
    }

    public void Dispose() => _handle.Dispose();

    private static OpenedPath? TryOpen(SafeFileHandle? folder, string path, PathWalk walk, string name, out string mistake)
    {
        var handle = UnixFile.TryOpenPath(folder, path, walk, out var error);
        mistake = error switch
        {
            PathError.NoSuchFile => $"'{name}' is not there",
            PathError.NotAFolder => $"'{name}' leads through something that is no folder",
            PathError.Link or PathError.Outside => $"'{name}' is a symbolic link or leads through one, which is not followed",
            PathError.NoSuchCall => "this kernel can't open files without following links: Linux 5.6 or later is needed",
            _ => $"'{name}' can't be opened: {Marshal.GetPInvokeErrorMessage((int)error)}",
        };
        return handle is null ? null : new OpenedPath(handle);
    }
}
