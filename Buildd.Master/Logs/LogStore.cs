using System.Globalization;
using System.IO.Compression;
using Buildd.Linux.Files;
using Buildd.Master.Builds;

namespace Buildd.Master.Logs;

/// <summary>
/// The logs of all builds, a folder of files: <c>COOKIE/ATTEMPT.log</c> while a build runs, and <c>COOKIE/ATTEMPT/NAME.gz</c>
/// when it has ended. Any thread may call; of one attempt's log one writer at a time.
/// </summary>
/// <param name="folder">The folder; made when missing.</param>
public sealed class LogStore(string folder)
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>The folder.</summary>
    internal string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>The log of a build that runs, as far as it has come here, without its secrets; null when there is none.</summary>
    /// <returns>It, to be disposed of by the caller; who reads to its end may find more there later.</returns>
    public Stream? OpenRunning(Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return OpenIfThere(RunningPath(build));
    }

    /// <summary>The log of the last attempt that has ended, unpacked; null when there is none.</summary>
    /// <returns>It, to be disposed of by the caller.</returns>
    public Stream? OpenStored(Build build) => StoredPath(build) is { } path && OpenIfThere(path) is { } packed
        ? new GZipStream(packed, CompressionMode.Decompress)
        : null;

    /// <summary>Where the log of the last attempt that has ended is, gzipped; null when the build has none.</summary>
    public string? StoredPath(Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return build.LogName is { } name ? Path.Combine(AttemptFolder(build), FileName.Check(name)) : null;
    }

    internal string RunningPath(Build build) => AttemptFolder(build) + ".log";

    /// <summary>
    /// Gzips the log of an attempt that has ended under a name, and removes what was kept while it ran. Done again, with the
    /// log or without it, it comes to the same.
    /// </summary>
    /// <returns>The stored name; null when there was no log.</returns>
    internal async Task<string?> StoreAsync(Build build, string name, CancellationToken cancellationToken)
    {
        var stored = FileName.Check(name + ".gz");
        var running = RunningPath(build);
        var target = Path.Combine(AttemptFolder(build), stored);
        if (!File.Exists(running))
            return File.Exists(target) ? stored : null;
        Directory.CreateDirectory(AttemptFolder(build));
        var part = target + ".part";
        var input =
            new FileStream(running, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.Asynchronous);
        await using (input.ConfigureAwait(false))
        {
            var output = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, PieceBytes, FileOptions.Asynchronous);
            await using (output.ConfigureAwait(false))
            {
                var packed = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
                await using (packed.ConfigureAwait(false))
                    await input.CopyToAsync(packed, PieceBytes, cancellationToken).ConfigureAwait(false);
                output.Flush(flushToDisk: true);
            }
        }

        File.Move(part, target, overwrite: true);
        Durable.FlushFolder(AttemptFolder(build));
        File.Delete(AttemptLog.MarkPath(running));
        File.Delete(running);
        return stored;
    }

    /// <summary>Removes what another program has left of the log of an attempt that is about to begin.</summary>
    internal void Clear(Build build)
    {
        if (!Directory.Exists(Path.GetDirectoryName(RunningPath(build))))
            return;
        File.Delete(AttemptLog.MarkPath(RunningPath(build)));
        File.Delete(RunningPath(build));
    }

    private static FileStream? OpenIfThere(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, PieceBytes, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string AttemptFolder(Build build) =>
        Path.Combine(Folder, build.Cookie.ToString(), build.Attempt.ToString(CultureInfo.InvariantCulture));
}
