using System.Globalization;
using Buildd.Master.Builds;
using Buildd.Master.Leaves;
using Buildd.Master.Uploads;
using Buildd.Protocol;

namespace Buildd.Master;

/// <summary>A kind of thing that <see cref="FarmPruner"/> removes.</summary>
public enum PrunedKind
{
    /// <summary>A leaf in <c>rejected/</c> or <c>failed/</c>. It can't be rescued any more.</summary>
    Upload,

    /// <summary>The log of processing an upload that failed.</summary>
    UploadLog,

    /// <summary>All logs of a build.</summary>
    BuildLogs,
}

/// <summary>Something old that was removed, or would be.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Build">The build that it was of; null when its name does not tell.</param>
/// <param name="Bytes">How many bytes its files had.</param>
public sealed record PrunedItem(PrunedKind Kind, string Path, BuildCookie? Build, long Bytes);

/// <summary>
/// Removes what a farm keeps of builds that ended long ago: uploads that were not accepted, and logs. Records, inputs and the archive stay.
/// May run beside a master. Any thread may call.
/// </summary>
/// <param name="root">The folder of results and logs, see <see cref="MasterOptions.Root"/>.</param>
/// <param name="builds">The records of the builds.</param>
/// <param name="uploadLogs">The folder of the logs of uploads that failed; null for <c>upload-logs</c> in the root.</param>
/// <param name="time">The clock; the system's by default.</param>
public sealed class FarmPruner(string root, IBuildRecords builds, string? uploadLogs = null, TimeProvider? time = null)
{
    private readonly LeafFolders _folders = new(root);
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Removes what is old.</summary>
    /// <param name="age">
    /// The least age: of an upload since it landed, of logs since the build's end. Logs of builds that are not over are never removed.
    /// </param>
    /// <param name="isDryRun">Whether to change nothing.</param>
    /// <param name="lockWait">How long to wait for another process that works on uploads.</param>
    /// <param name="cancellationToken">Ends it; what was removed by then stays so.</param>
    /// <returns>What was removed, in order of its path.</returns>
    /// <exception cref="UploadsLockedException">Another process works on uploads.</exception>
    /// <exception cref="IOException">Something can't be removed.</exception>
    public async Task<IReadOnlyList<PrunedItem>> RunAsync(
        TimeSpan age, bool isDryRun, TimeSpan lockWait = default, CancellationToken cancellationToken = default)
    {
        if (!_folders.Exists)
            return [];
        using var held = isDryRun
            ? null
            : await UploadLock.AcquireAsync(_folders.Root, UploadProcessor.Context, lockWait, _time, cancellationToken)
                .ConfigureAwait(false);
        var before = _time.GetUtcNow() - age;
        var pruned = new List<PrunedItem>();
        foreach (var folder in (string[])[_folders.Rejected, _folders.Failed])
        {
            foreach (var name in LeafFolders.Leaves(folder))
            {
                var path = Path.Combine(folder, name);
                if (TimeOf(name, path) < before)
                    pruned.Add(Remove(PrunedKind.Upload, path, LeafName.TryParse(name)?.Cookie, isDryRun));
            }
        }

        foreach (var path in Files(uploadLogs ?? Path.Combine(_folders.Root, "upload-logs")))
        {
            if (File.GetLastWriteTimeUtc(path) < before)
                pruned.Add(Remove(PrunedKind.UploadLog, path, null, isDryRun));
        }

        var logs = Path.Combine(_folders.Root, "logs");
        foreach (var name in LeafFolders.Leaves(logs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (BuildCookie.TryParse(name, out var cookie) && await IsOverAsync(cookie, before, cancellationToken).ConfigureAwait(false))
                pruned.Add(Remove(PrunedKind.BuildLogs, Path.Combine(logs, name), cookie, isDryRun));
        }

        return pruned;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "upload_*_log.txt").Order(StringComparer.Ordinal) : [];

    /// <summary>The time at which a leaf landed, by its name; of one that was renamed by hand, of its folder's last change.</summary>
    private static DateTimeOffset TimeOf(string name, string path) =>
        name.Length > 15 && DateTimeOffset.TryParseExact(
            name.AsSpan(0, 15), "yyyyMMdd-HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var landed)
            ? landed
            : Directory.GetLastWriteTimeUtc(path);

    private static PrunedItem Remove(PrunedKind kind, string path, BuildCookie? build, bool isDryRun)
    {
        var isFolder = kind != PrunedKind.UploadLog;
        var bytes = isFolder
            ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
            : new FileInfo(path).Length;
        if (isFolder && !isDryRun)
            Directory.Delete(path, recursive: true); // links in it are removed, not followed
        else if (!isDryRun)
            File.Delete(path);
        return new PrunedItem(kind, path, build, bytes);
    }

    /// <summary>Whether a build ended before a time, its upload processed. What no record is of is left alone.</summary>
    private async Task<bool> IsOverAsync(BuildCookie cookie, DateTimeOffset before, CancellationToken cancellationToken) =>
        await builds.FindAsync(cookie.Id, cancellationToken).ConfigureAwait(false)
            is { Queue: null, State: not BuildState.Uploading } build
        && build.Cookie == cookie && (build.Finished ?? build.Queued) < before;
}
