using System.Globalization;
using Buildd.Master.Builds;
using Buildd.Protocol.Client;

namespace Buildd.Master.Results;

/// <summary>
/// Fetches one file to the disk, in one pass: written, counted and summed piece by piece, so that memory doesn't depend
/// on its size.
/// </summary>
internal sealed class Download(ISlaveClient slave, DiskSpace space)
{
    /// <summary>Fetches a file of the cache.</summary>
    /// <param name="cacheName">Its name in the slave's cache.</param>
    /// <param name="name">Its name for people.</param>
    /// <param name="path">Where it goes. What is there already is the file's beginning, left by a download that was cut short.</param>
    /// <param name="cancellationToken">Ends the download; a part of the file stays on the disk.</param>
    /// <exception cref="ResultMismatchException">It ended early or late.</exception>
    /// <exception cref="ResultsTooLargeException">There can never be room for it; nothing was written.</exception>
    /// <exception cref="NoSpaceException">There is no room for it; nothing was written.</exception>
    public async Task<BuildFile> RunAsync(string cacheName, string name, string path, CancellationToken cancellationToken)
    {
        using var passage = new Passage();
        var here = File.Exists(path) ? new FileInfo(path).Length : 0;
        var file = await slave.OpenFileAsync(cacheName, here, cancellationToken).ConfigureAwait(false);
        await using (file.ConfigureAwait(false))
        {
            space.Count(name, file.TotalLength);
            space.Promise(name, file.TotalLength - file.Offset);
            var target = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.Asynchronous);
            await using (target.ConfigureAwait(false))
            {
                await passage.PassAsync(target, target.Length, null, null, cancellationToken).ConfigureAwait(false);
                // A byte too many ends it as well: what was promised is what there is room for.
                var size = file.Offset + await passage
                    .PassAsync(file.Content, file.TotalLength - file.Offset + 1, target, count => space.Written(count), cancellationToken)
                    .ConfigureAwait(false);
                if (size != file.TotalLength)
                    throw new ResultMismatchException(slave.Url, name, Bytes(file.TotalLength), Bytes(size));
                target.Flush(flushToDisk: true);
                return Describe(name, size, passage);
            }
        }
    }

    /// <summary>Sums up a file that is here already.</summary>
    public static async Task<BuildFile> SumAsync(string path, string name, CancellationToken cancellationToken)
    {
        using var passage = new Passage();
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            var size = await passage.PassAsync(file, long.MaxValue, null, null, cancellationToken).ConfigureAwait(false);
            return Describe(name, size, passage);
        }
    }

    private static BuildFile Describe(string name, long size, Passage passage)
    {
        var (sha1, sha256) = passage.TakeSums();
        return new BuildFile(name, size, sha1, sha256);
    }

    private static string Bytes(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} bytes");
}
