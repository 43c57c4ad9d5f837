using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Files;

/// <summary>
/// The slave's files by their SHA-1: inputs and chroots that the master had fetched, results that builds made. One flat
/// folder, as the reference's.
/// </summary>
/// <remarks>
/// A file appears under its sum only when it is whole. Methods may be called from any thread; identical downloads at the
/// same time are one.
/// </remarks>
public sealed class FileCache
{
    /// <summary>How much is read at a time; the reference's figure.</summary>
    internal const int BufferBytes = 256 * 1024;

    private const string NoUrl = "No URL";

    private readonly string _directory;
    private readonly Downloader _downloader;
    private readonly ConcurrentDictionary<string, Lazy<Task<EnsurePresentReply>>> _downloads = new(StringComparer.Ordinal);

    /// <summary>Opens the cache.</summary>
    /// <param name="directory">The folder; it must exist.</param>
    /// <param name="downloader">Fetches what is not there.</param>
    internal FileCache(string directory, Downloader downloader)
    {
        _directory = directory;
        _downloader = downloader;
    }

    /// <summary>Where the file of that sum lies, or null when there is none or it is no sum.</summary>
    public string? Find(string sha1)
    {
        if (!Sha1Sum.IsWellFormed(sha1))
            return null;

        var path = Path.Combine(_directory, sha1);
        return File.Exists(path) ? path : null;
    }

    /// <summary>Fetches a file unless it is there.</summary>
    /// <remarks>
    /// Differs: only 40 hexadecimal digits are taken as a sum; the reference takes any path. A caller that goes away does
    /// not end the download, because others may wait for it; <paramref name="stopping"/> does.
    /// </remarks>
    internal async Task<EnsurePresentReply> EnsurePresentAsync(
        EnsurePresentCall call, CancellationToken cancellationToken, CancellationToken stopping)
    {
        if (!Sha1Sum.IsWellFormed(call.Sha1))
            return new EnsurePresentReply(false, "Not the 40 hexadecimal digits of a SHA-1");
        if (call.Url is null)
            return new EnsurePresentReply(Find(call.Sha1) is not null, NoUrl);
        if (Find(call.Sha1) is not null)
            return new EnsurePresentReply(true, "Cache");

        // One download per sum, whatever the URLs: the first to ask decides where it comes from.
        var download = _downloads.GetOrAdd(call.Sha1, _ => new Lazy<Task<EnsurePresentReply>>(() => DownloadAsync(call, stopping)));
        return await download.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a result over: it is moved into the cache under its sum.</summary>
    /// <returns>The sum, and whether it is new: a file that was there before belongs to somebody else too.</returns>
    internal async Task<(string Sha1, bool IsNew)> StoreAsync(string path, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_directory, $"store-{Guid.NewGuid():N}.tmp");
        try
        {
            // Moved first, so that what is hashed is what will be served: nothing else knows the new name. Looked at before
            // too, because a move to another file system copies: that follows a link, and waits at a pipe for ever.
            if (IsRegular(path, path))
                File.Move(path, temporary);
            else
                File.Delete(path);
            if (!File.Exists(temporary) || !IsRegular(path, temporary))
                ReplaceByEmpty(temporary);
            var sha1 = await HashAsync(temporary, cancellationToken).ConfigureAwait(false);
            var target = Path.Combine(_directory, sha1);
            if (File.Exists(target))
                return (sha1, false);

            File.Move(temporary, target, overwrite: false);
            return (sha1, true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Removes a file; one that is gone already is no failure.</summary>
    internal void Remove(string sha1)
    {
        if (Sha1Sum.IsWellFormed(sha1))
            File.Delete(Path.Combine(_directory, sha1));
    }

    private async Task<EnsurePresentReply> DownloadAsync(EnsurePresentCall call, CancellationToken stopping)
    {
        await Task.Yield(); // out of the dictionary's factory before anything can take time
        var temporary = Path.Combine(_directory, call.Sha1 + ".tmp");
        try
        {
            var failure = await _downloader.FetchAsync(call, temporary, stopping).ConfigureAwait(false);
            if (failure is not null)
                return new EnsurePresentReply(false, failure);

            File.Move(temporary, Path.Combine(_directory, call.Sha1), overwrite: true);
            return new EnsurePresentReply(true, "Download");
        }
        finally
        {
            File.Delete(temporary);
            _downloads.TryRemove(call.Sha1, out _);
        }
    }

    /// <summary>
    /// A build could leave a link to any file of ours, or a pipe that holds up whoever opens it. A link is refused; what
    /// has no length (pipes and devices have none) is not opened but replaced by an empty file.
    /// </summary>
    private static bool IsRegular(string path, string place)
    {
        var file = new FileInfo(place);
        if (file.LinkTarget is not null)
            throw new IOException($"the result '{Path.GetFileName(path)}' is a symbolic link to '{file.LinkTarget}', which is not followed");
        return file.Length > 0;
    }

    private static void ReplaceByEmpty(string temporary)
    {
        File.Delete(temporary);
        File.Create(temporary).Dispose();
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long offset = 0;
            for (int count; (count = await RandomAccess.ReadAsync(file, buffer, offset, cancellationToken).ConfigureAwait(false)) > 0; offset += count)
                hash.AppendData(buffer, 0, count);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
