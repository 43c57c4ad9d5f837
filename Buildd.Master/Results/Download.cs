using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Buildd.Protocol.Client;

namespace Buildd.Master.Results;

/// <summary>
/// Fetches one file to the disk, in one pass: written, counted and summed piece by piece, so that memory doesn't depend
/// on its size.
/// </summary>
internal sealed class Download(ISlaveClient slave, DiskSpace space)
{
    /// <summary>The size of a piece: large enough that the system calls don't count, small beside the network's buffers.</summary>
    private const int PieceBytes = 128 * 1024;

    /// <summary>Fetches a file of the cache.</summary>
    /// <param name="cacheName">Its name in the slave's cache.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="path">Where it goes.</param>
    /// <param name="resume">
    /// Whether what is there is the file's beginning, left by a download that was cut short; if not, nothing must be there.
    /// </param>
    /// <param name="cancellationToken">Ends the download; a part of the file stays on the disk.</param>
    /// <exception cref="ResultMismatchException">It ended early or late.</exception>
    /// <exception cref="NoSpaceException">There is no room for it; nothing was written.</exception>
    public async Task<FetchedFile> RunAsync(
        string cacheName, string name, string path, bool resume, CancellationToken cancellationToken)
    {
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var mode = resume ? FileMode.OpenOrCreate : FileMode.CreateNew;
        var file = await slave.OpenFileAsync(cacheName, resume && File.Exists(path) ? new FileInfo(path).Length : 0, cancellationToken).ConfigureAwait(false);
        await using (file.ConfigureAwait(false))
        {
            space.Promise(name, file.TotalLength - file.Offset);
            var access = resume ? FileAccess.ReadWrite : FileAccess.Write;
            var target = new FileStream(path, mode, access, FileShare.None, 0, FileOptions.Asynchronous);
            await using (target.ConfigureAwait(false))
            {
                await SumAsync(target, [sha1, sha256], cancellationToken).ConfigureAwait(false);
                var size = await CopyAsync(file, target, [sha1, sha256], cancellationToken).ConfigureAwait(false);
                if (size != file.TotalLength)
                    throw new ResultMismatchException(slave.Url, name, Bytes(file.TotalLength), Bytes(size));
                target.Flush(flushToDisk: true);
                return new FetchedFile
                {
                    Name = name,
                    Size = size,
                    Sha1 = Convert.ToHexStringLower(sha1.GetHashAndReset()),
                    Sha256 = Convert.ToHexStringLower(sha256.GetHashAndReset()),
                };
            }
        }
    }

    /// <summary>Sums up a file that is here already.</summary>
    public static async Task<FetchedFile> SumAsync(string path, string name, CancellationToken cancellationToken)
    {
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            await SumAsync(file, [sha1, sha256], cancellationToken).ConfigureAwait(false);
            return new FetchedFile
            {
                Name = name,
                Size = file.Length,
                Sha1 = Convert.ToHexStringLower(sha1.GetHashAndReset()),
                Sha256 = Convert.ToHexStringLower(sha256.GetHashAndReset()),
            };
        }
    }

    /// <summary>Adds what a file has; its end is where it stands then.</summary>
    private static async Task SumAsync(FileStream file, IncrementalHash[] sums, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (int read; (read = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                foreach (var sum in sums)
                    sum.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<long> CopyAsync(
        SlaveFile file, FileStream target, IncrementalHash[] sums, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var size = file.Offset;
            // A byte too many ends it as well: what was promised is what there is room for.
            while (size <= file.TotalLength)
            {
                var read = await file.Content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                size += read;
                foreach (var sum in sums)
                    sum.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                space.Written(read);
            }

            return size;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string Bytes(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} bytes");
}
