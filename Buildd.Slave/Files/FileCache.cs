using System.Collections.Concurrent;
using System.Threading.Channels;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Slave.Metrics;

namespace Buildd.Slave.Files;

/// <summary>
/// The slave's files by their SHA-1: inputs and chroots that the master had fetched, results that builds made. One flat
/// folder, as the reference's.
/// </summary>
/// <remarks>
/// A file appears under its sum only when it is whole. Methods may be called from any thread; identical downloads at the
/// same time are one.
/// </remarks>
internal sealed class FileCache
{
    /// <summary>How much is read at a time; the reference's figure.</summary>
    internal const int BufferBytes = 256 * 1024;

    /// <summary>The answer to who asks without saying where the file is.</summary>
    internal const string NoUrl = "No URL";

    /// <summary>The answer when the file was fetched.</summary>
    internal const string Downloaded = "Download";

    private readonly Downloader _downloader;
    private readonly SlaveMeters _meters;
    private readonly ConcurrentDictionary<string, RunningDownload> _downloads = new(StringComparer.Ordinal);
    private readonly Channel<bool> _growth =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Opens the cache.</summary>
    /// <param name="folder">Where the files are.</param>
    /// <param name="downloader">Fetches what is not there.</param>
    /// <param name="meters">Counts what comes in.</param>
    internal FileCache(CacheFolder folder, Downloader downloader, SlaveMeters meters)
    {
        Folder = folder;
        _downloader = downloader;
        _meters = meters;
        meters.ObserveCache(
            () => Known(() => folder.Measure().Files), () => Known(() => folder.Measure().Bytes), () => Known(folder.FreeBytes));
    }

    /// <summary>Where the files are.</summary>
    internal CacheFolder Folder { get; }

    /// <summary>Says that something came in since it was last read.</summary>
    internal ChannelReader<bool> Growth => _growth.Reader;

    /// <summary>Where the file of that sum lies, or null when there is none.</summary>
    /// <exception cref="IOException">The folder can't be read.</exception>
    public string? Find(Sha1 sha1) => Folder.Find(sha1);

    /// <summary>
    /// Keeps files from being removed for age or size until the lease is disposed of; <c>clean</c> removes them all the same.
    /// </summary>
    internal CacheLease Hold(IEnumerable<Sha1> sums)
    {
        var lease = new CacheLease(Folder);
        foreach (var sha1 in sums)
            lease.Add(sha1);
        return lease;
    }

    /// <summary>Fetches a file unless it is there.</summary>
    /// <remarks>
    /// Differs: only 40 hexadecimal digits are taken as a sum; the reference takes any path. A sum in upper case is fetched, and then
    /// never matches, as with the reference. A caller that goes away does not end the download, because it may ask again; when nobody
    /// has waited for <see cref="RunningDownload.AbandonTimeout"/> it ends.
    /// </remarks>
    internal async Task<EnsurePresentReply> EnsurePresentAsync(
        EnsurePresentCall call, CancellationToken cancellationToken, CancellationToken stopping)
    {
        if (!CacheFolder.IsSumInAnyCase(call.Sha1))
            return new EnsurePresentReply(false, "Not the 40 hexadecimal digits of a SHA-1");
        try
        {
            var isThere = IsThere(call);
            if (call.Url is null)
                return new EnsurePresentReply(isThere, NoUrl);
            if (isThere)
                return new EnsurePresentReply(true, "Cache");
        }
        catch (FileCacheException e)
        {
            return new EnsurePresentReply(false, e.Message);
        }

        while (true)
        {
            // One download per sum, whatever the URLs. When somebody else's fails, that says nothing of this caller's.
            var download = _downloads.GetOrAdd(
                call.Sha1, _ => new RunningDownload(call, Folder.Time, running => DownloadAsync(running, running.Stopping), stopping));
            using (download.Join())
            {
                var reply = await download.Reply.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (reply is not null && (reply.Present || download.IsFor(call)))
                    return reply;
            }
        }
    }

    /// <summary>Takes a result over: it is moved into the cache under its sum.</summary>
    /// <param name="path">The file; it is gone then.</param>
    /// <param name="results">Keeps it from being removed.</param>
    /// <param name="cancellationToken">To end it; nothing is left in the cache.</param>
    /// <returns>The sum, and whether it is new: a file that was there before belongs to somebody else too.</returns>
    /// <exception cref="NoRoomException">It is too large for what is free.</exception>
    /// <exception cref="IOException">It is no ordinary file, it is not there, or there is no room for it.</exception>
    internal async Task<(Sha1 Sha1, bool IsNew)> StoreAsync(string path, CacheLease results, CancellationToken cancellationToken)
    {
        var temporary = Folder.NewIncomingPath();
        try
        {
            using var result = ResultFile.Open(path);
            var sha1 = await result.TakeOverAsync(temporary, Folder.Now, cancellationToken, RequireRoomFor).ConfigureAwait(false);
            results.Add(sha1);
            _meters.Stored(new FileInfo(temporary).Length);
            return (sha1, Folder.Put(temporary, sha1, replace: false));
        }
        finally
        {
            Folder.RemoveTemporary(temporary);
            _growth.Writer.TryWrite(true);
        }
    }

    /// <summary>Removes a file; one that is gone already is no failure.</summary>
    internal void Remove(Sha1 sha1) => Folder.Remove(sha1);

    /// <summary>Refuses a build when there is too little room; old files are removed for it first.</summary>
    /// <exception cref="RefusedException">There is too little room.</exception>
    internal void RequireRoom()
    {
        if (Folder.FindLack() is not { } lack)
            return;
        _growth.Writer.TryWrite(true); // the janitor may find more that can go
        throw new RefusedException(lack);
    }

    private void RequireRoomFor(long bytes)
    {
        if (Folder.FindLack(bytes) is { } lack)
            throw new NoRoomException(lack);
    }

    /// <summary>Ends when no download runs any more. They are ended by the token that they were given.</summary>
    internal async Task DownloadsEndedAsync()
    {
        foreach (var download in _downloads.Values)
            await Task.WhenAny(download.Reply).ConfigureAwait(false); // how it ended is its callers' business
    }

    private bool IsThere(EnsurePresentCall call) => Sha1.TryParse(call.Sha1, out var sha1) && Folder.Use(sha1) is not null;

    /// <returns>The answer; null when it was given up because nobody waited for it.</returns>
    private async Task<EnsurePresentReply?> DownloadAsync(RunningDownload running, CancellationToken stopping)
    {
        await Task.Yield(); // out of the dictionary's factory before anything can take time
        var sum = running.Call.Sha1;
        try
        {
            if (IsThere(running.Call))
                return new EnsurePresentReply(true, "Cache"); // another download ended a moment ago
            if (Folder.FindLack() is { } lack)
                throw new FileCacheException(lack);
            using var file = new DownloadFile(Folder, sum);
            try
            {
                if (await _downloader.FetchAsync(running.Call, file, stopping).ConfigureAwait(false) is { } failure)
                    return new EnsurePresentReply(false, failure);
            }
            finally
            {
                _meters.Downloaded(file.Length);
            }

            file.Keep();
            _growth.Writer.TryWrite(true);
            return new EnsurePresentReply(true, Downloaded);
        }
        catch (OperationCanceledException) when (running.IsAbandoned)
        {
            return null;
        }
        catch (FileCacheException e)
        {
            _growth.Writer.TryWrite(true); // it may be room that is lacking, and the janitor may find more that can go
            return new EnsurePresentReply(false, e.Message);
        }
        finally
        {
            _downloads.TryRemove(KeyValuePair.Create(sum, running));
            running.End();
        }
    }

    /// <summary>A figure of the folder, which is listed for it; null when it can't be read.</summary>
    private static long? Known(Func<long> figure)
    {
        try
        {
            return figure();
        }
        catch (FileCacheException)
        {
            return null;
        }
    }
}
