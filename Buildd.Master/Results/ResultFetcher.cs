using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Results;

/// <summary>
/// Brings what a build left on a slave to our disk: into <c>grabbing/LEAF</c>, each file compared with the sum that the
/// slave gave, and when all is there and on the disk, with one rename to <c>incoming/LEAF</c>. LEAF is
/// <c>YYYYMMDD-HHMMSS-COOKIE</c> in local time, as upload processors expect it; in it, results are in
/// <c>ARCHIVE/DISTRIBUTION</c>, and the log beside that. Any thread may call.
/// </summary>
public sealed class ResultFetcher
{
    private readonly ISlaveClient _slave;
    private readonly ResultOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ResultFetcher> _logger;
    private readonly Func<string, long> _freeBytes;

    /// <summary>Makes a fetcher.</summary>
    /// <param name="slave">The slave.</param>
    /// <param name="options">Where results go.</param>
    /// <param name="time">For the name of the leaf.</param>
    /// <param name="logger">The master's diagnostics.</param>
    public ResultFetcher(ISlaveClient slave, ResultOptions options, TimeProvider time, ILogger<ResultFetcher> logger)
        : this(slave, options, time, logger, DiskSpace.FreeBytes)
    {
    }

    internal ResultFetcher(
        ISlaveClient slave, ResultOptions options, TimeProvider time, ILogger<ResultFetcher> logger, Func<string, long> freeBytes)
    {
        _slave = slave;
        _options = options;
        _time = time;
        _logger = logger;
        _freeBytes = freeBytes;
    }

    /// <summary>Fetches the files of the file map, and the log.</summary>
    /// <param name="cookie">The build; it becomes part of the leaf's name.</param>
    /// <param name="fileMap">
    /// Name to SHA-1, as the slave's status gave it. Null or empty, as after a build that failed, fetches the log only.
    /// </param>
    /// <param name="observe">Told of each file that is complete, one at a time; null for nobody. It must not throw.</param>
    /// <param name="cancellationToken">Ends the fetching; what was fetched is removed, the slave keeps everything.</param>
    /// <returns>What is in <c>incoming</c> now.</returns>
    /// <exception cref="ResultException">
    /// A name or sum can't be used, a file isn't what was promised, there is no room, or the leaf exists. Nothing of it is
    /// in <c>incoming</c>.
    /// </exception>
    /// <exception cref="SlaveException">A file can't be had. Nothing of it is in <c>incoming</c>.</exception>
    /// <exception cref="Debian.FileNameException">The cookie can't be part of a folder's name.</exception>
    /// <exception cref="IOException">The disk failed. Nothing of it is in <c>incoming</c>.</exception>
    public async Task<FetchedResults> FetchAsync(
        string cookie,
        IReadOnlyDictionary<string, string>? fileMap,
        Func<FileFetched, ValueTask>? observe = null,
        CancellationToken cancellationToken = default)
    {
        var wanted = FileMap.Check(_slave.Url, fileMap);
        var leaf = Leaf.Begin(_options.Root, cookie, _time.GetLocalNow(), _options.Archive, _options.Distribution);
        try
        {
            var download = new Download(_slave, new DiskSpace(_options.Root, _options.SpareBytes, _freeBytes));
            var files = new FetchedFile[wanted.Count];
            using var oneAtATime = new SemaphoreSlim(1);
            var bound = new ParallelOptions
            {
                MaxDegreeOfParallelism = _options.ParallelDownloads,
                CancellationToken = cancellationToken,
            };
            await Parallel.ForAsync(0, wanted.Count, bound, async (i, stop) =>
            {
                var start = _time.GetTimestamp();
                files[i] = await FetchAsync(download, wanted[i], leaf, stop).ConfigureAwait(false);
                await TellAsync(files[i], start).ConfigureAwait(false);
            }).ConfigureAwait(false);
            var hasLog = await TryFetchLogAsync(download, cookie, leaf, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var published = leaf.Publish();
            _logger.LogResultsFetched(cookie, _slave.Url, files.Length, published);
            return new FetchedResults
            {
                Leaf = published,
                Folder = leaf.PublishedResults,
                LogPath = hasLog ? Path.Combine(published, Leaf.LogName) : null,
                Files = files,
            };

            async Task TellAsync(FetchedFile file, long start)
            {
                if (observe is null)
                    return;
                await oneAtATime.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                try
                {
                    await observe(new FileFetched(file.Name, file.Size, _time.GetElapsedTime(start))).ConfigureAwait(false);
                }
                finally
                {
                    oneAtATime.Release();
                }
            }
        }
        catch
        {
            Discard(leaf);
            throw;
        }
    }

    private async Task<FetchedFile> FetchAsync(
        Download download, (string Name, string Sha1) wanted, Leaf leaf, CancellationToken cancellationToken)
    {
        var path = Path.Combine(leaf.Results, wanted.Name);
        var file = await download.RunAsync(wanted.Sha1, wanted.Name, path, resume: false, cancellationToken).ConfigureAwait(false);
        return file.Sha1 == wanted.Sha1
            ? file
            : throw new ResultMismatchException(_slave.Url, wanted.Name, wanted.Sha1, file.Sha1);
    }

    /// <summary>A slave without a log has results all the same; only that the log can't be had <i>now</i> is a failure.</summary>
    private async Task<bool> TryFetchLogAsync(
        Download download, string cookie, Leaf leaf, CancellationToken cancellationToken)
    {
        try
        {
            var path = Path.Combine(leaf.Folder, Leaf.LogName);
            await download.RunAsync(WireNames.BuildLog, Leaf.LogName, path, resume: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SlaveFileNotFoundException exception)
        {
            _logger.LogNoLogToFetch(exception, _slave.Url, cookie);
            return false;
        }
    }

    private void Discard(Leaf leaf)
    {
        try
        {
            leaf.Discard();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogIncompleteLeafLeft(exception, leaf.Folder); // why the fetching failed is the more important exception
        }
    }
}
