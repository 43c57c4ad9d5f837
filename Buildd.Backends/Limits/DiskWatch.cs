using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Limits;

/// <summary>Tells when a folder takes more of the disk than it may.</summary>
/// <remarks>
/// To sum up a folder takes as long as it has files, so that is done only when the file system has lost as much free space as
/// the folder still lacked, and never for more than a tenth of the time. Where something else frees space meanwhile, the limit
/// is noticed later by as much. What the slave's user may not look into is not counted.
/// </remarks>
internal sealed class DiskWatch
{
    /// <summary>After a measurement so many times its length passes before the next.</summary>
    private const int RestFactor = 9;

    /// <summary>With less free space than this hardly any program can do anything.</summary>
    private const long FullBytes = 4L * 1024 * 1024;

    private readonly string _folder;
    private readonly long _limit;
    private readonly TimeProvider _time;
    private readonly long _freeAtStart;
    private long _measureAt;
    private long _rested;

    internal DiskWatch(string folder, long limit, TimeProvider time)
    {
        (_folder, _limit, _time, _measureAt) = (folder, limit, time, limit);
        _freeAtStart = FreeBytes();
        _rested = time.GetTimestamp();
    }

    /// <summary>Whether the file system of a folder is as good as full, so that what has failed there has failed of that.</summary>
    internal static bool IsFull(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace < FullBytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The folder's size if that is more than it may be; null if not, or as far as is known.</summary>
    internal async Task<long?> LookAsync(CancellationToken cancellationToken)
    {
        var lost = _freeAtStart - FreeBytes();
        if (lost < _measureAt || _time.GetTimestamp() < _rested)
            return null;

        var start = _time.GetTimestamp();
        var size = await MeasureAsync(cancellationToken).ConfigureAwait(false);
        _rested = _time.GetTimestamp() + (RestFactor * (_time.GetTimestamp() - start));
        if (size > _limit)
            return size;
        _measureAt = lost + (_limit - size);
        return null;
    }

    private long FreeBytes() => new DriveInfo(_folder).AvailableFreeSpace;

    /// <summary>In a scope of its own: it is no process of the build.</summary>
    private async Task<long> MeasureAsync(CancellationToken cancellationToken)
    {
        var said = new StringBuilder();
        await ProcessRunner.RunAsync(
            Command.Of("sh", "-c", "exec du -sx --block-size=1 -- \"$1\" 2>/dev/null", "sh", _folder),
            bytes => said.Append(Encoding.UTF8.GetString(bytes)), // one line: the size and the folder
            null, cancellationToken).ConfigureAwait(false);
        return long.TryParse(said.ToString().Split('\t')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0;
    }
}
