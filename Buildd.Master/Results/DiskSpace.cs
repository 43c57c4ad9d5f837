namespace Buildd.Master.Results;

/// <summary>
/// Keeps the account of a disk while several files are written to it at the same time: what is promised to those that
/// have begun can't be promised again. One account is for one build; what others write is seen as it is written.
/// </summary>
/// <param name="root">A folder on the disk.</param>
/// <param name="spareBytes">What must stay free.</param>
/// <param name="freeBytes">How many bytes a folder's disk has free.</param>
/// <param name="totalBytes">How many bytes a folder's disk has; null for any number.</param>
/// <param name="maxBytes">How many bytes all files of the build may have together.</param>
internal sealed class DiskSpace(
    string root, long spareBytes, Func<string, long> freeBytes, Func<string, long>? totalBytes = null, long maxBytes = long.MaxValue)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private long _counted;
    private long _promised;

    /// <summary>Asks the file system; what only root may use doesn't count.</summary>
    public static long FreeBytes(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>The size of a folder's file system.</summary>
    public static long TotalBytes(string folder) => new DriveInfo(folder).TotalSize;

    /// <summary>Counts a file of the build, whether it is here already or is to come.</summary>
    /// <exception cref="ResultsTooLargeException">All files of the build together are more than there can ever be room for.</exception>
    public void Count(string name, long bytes)
    {
        lock (_lock)
        {
            _counted -= _sizes.GetValueOrDefault(name);
            _sizes[name] = 0;
            var most = totalBytes is null ? maxBytes : Math.Min(maxBytes, Math.Max(0, totalBytes(root) - spareBytes));
            if (bytes > most - _counted)
                throw new ResultsTooLargeException(most, most < maxBytes ? root : null);
            _counted += _sizes[name] = bytes;
        }
    }

    /// <summary>Promises room for a file.</summary>
    /// <exception cref="NoSpaceException">There is none.</exception>
    public void Promise(string name, long bytes)
    {
        lock (_lock)
        {
            var available = Math.Max(0, freeBytes(root) - spareBytes - _promised);
            if (bytes > available)
                throw new NoSpaceException(root, name, bytes, available);
            _promised += bytes;
        }
    }

    /// <summary>Takes a part of a promise back: so much was written, and is no longer free anyway.</summary>
    public void Written(long bytes)
    {
        lock (_lock)
            _promised -= bytes;
    }
}
