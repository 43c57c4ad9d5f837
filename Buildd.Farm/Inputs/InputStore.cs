using System.Buffers;
using System.Security.Cryptography;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Master;
using Buildd.Protocol;

namespace Buildd.Farm.Inputs;

/// <summary>What a file was when it was taken in.</summary>
internal sealed record StoredInput(Sha1 Sha1, long Size);

/// <summary>
/// The inputs of builds in one folder: chroots and sources by their SHA-1. What has such a name is whole and on the disk;
/// whatever else is there was cut short. Any thread of any process may call.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="freeBytes">How many bytes the disk of a folder has free; null to ask the file system.</param>
internal sealed class InputStore(string folder, Func<string, long>? freeBytes = null)
{
    /// <summary>The time after which a file that is being taken in counts as abandoned: a disk may be slow, or a command stopped.</summary>
    private static readonly TimeSpan ArrivalTime = TimeSpan.FromDays(1);

    private const int PieceBytes = 256 * 1024;

    /// <summary>Below it, files that are being taken in; on the same file system, so that they can be renamed.</summary>
    private readonly string _arriving = Path.Combine(folder, "arriving");

    /// <summary>Makes the folders that are missing.</summary>
    /// <exception cref="IOException">They can't be made.</exception>
    internal void MakeFolders()
    {
        StateFiles.MakeFolder(folder);
        StateFiles.MakeFolder(_arriving);
    }

    /// <summary>Takes a file in: a copy, so that what happens to the file later does no harm.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">What it must be; null when anything will do.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    /// <exception cref="FarmException">It isn't there, or not what it must be.</exception>
    /// <exception cref="IOException">The disk is full, or a folder can't be made.</exception>
    internal async Task<StoredInput> AddAsync(string path, ListedFile? expected, CancellationToken cancellationToken)
    {
        var stored = await TakeAsync(path, expected, cancellationToken);
        Flush();
        return stored;
    }

    /// <summary>
    /// Takes one of many files in, as <see cref="AddAsync"/> does. Its name survives a power failure after <see cref="Flush"/> only.
    /// </summary>
    /// <inheritdoc cref="AddAsync"/>
    internal async Task<StoredInput> TakeAsync(string path, ListedFile? expected, CancellationToken cancellationToken)
    {
        FileStream source;
        try
        {
            source = UnixFile.OpenNamed(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FarmException.NotFound($"{path} is not there{(expected is null ? "" : ", and the .dsc lists it")}");
        }
        catch (IOException e)
        {
            throw new FarmException(e.Message, e);
        }

        await using (source)
        {
            MakeFolders();
            RequireRoom(path, source.Length);
            var arriving = Path.Combine(_arriving, $"{Guid.NewGuid():N}.tmp");
            try
            {
                var stored = await CopyAsync(source, arriving, path, expected, cancellationToken);
                var target = PathOf(stored.Sha1);
                StateFiles.GiveToOwner(arriving);
                File.Move(arriving, target, overwrite: true); // of the same content, so whoever reads the old one reads the same
                return stored;
            }
            finally
            {
                File.Delete(arriving);
            }
        }
    }

    /// <summary>Waits until the names of all that was taken in are on the disk.</summary>
    /// <exception cref="IOException">The disk failed, or nothing was ever taken in.</exception>
    internal void Flush() => Durable.FlushFolder(folder);

    /// <summary>
    /// Removes what processes that were killed have left half taken in: what nobody has written to for <see cref="ArrivalTime"/>.
    /// </summary>
    /// <returns>How many files.</returns>
    /// <exception cref="IOException">The folder can't be listed, or a file not be removed.</exception>
    internal int RemoveLeftovers(TimeProvider time)
    {
        if (!Directory.Exists(_arriving))
            return 0;
        var left = new DirectoryInfo(_arriving).EnumerateFiles("*.tmp")
            // One of tomorrow was written before the clock was set back.
            .Where(file => (time.GetUtcNow() - file.LastWriteTimeUtc).Duration() > ArrivalTime).ToList();
        left.ForEach(file => file.Delete());
        return left.Count;
    }

    /// <summary>Where a file is; null when it isn't there.</summary>
    internal string? Find(Sha1 sha1) => PathOf(sha1) is var path && File.Exists(path) ? path : null;

    /// <summary>Refuses a file that would leave no room for the farm's store, which is on the same disk.</summary>
    private void RequireRoom(string path, long bytes)
    {
        var free = freeBytes?.Invoke(folder) ?? new DriveInfo(folder).AvailableFreeSpace;
        if (free - bytes < MasterOptions.DefaultSpareBytes)
        {
            throw new FarmException(
                $"{path} can't be taken in: it has {bytes} bytes, the disk of {folder} has {free} free, and "
                    + $"{MasterOptions.DefaultSpareBytes} of these are for the farm's own records. Make room: 'buildd-farm prune' removes "
                    + "old logs and uploads");
        }
    }

    private string PathOf(Sha1 sha1) => Path.Combine(folder, sha1.ToString());

    private static async Task<StoredInput> CopyAsync(
        FileStream source, string target, string path, ListedFile? expected, CancellationToken cancellationToken)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var size = 0L;
        using var rented = MemoryPool<byte>.Shared.Rent(PieceBytes);
        var piece = rented.Memory;
        await using (var copy = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
        {
            for (int count; (count = await source.ReadAsync(piece, cancellationToken)) > 0; size += count)
            {
                if (expected is not null && size + count > expected.Size)
                    throw Mismatch(path, "it is longer");
                foreach (var hash in (IncrementalHash[])[md5, sha1, sha256])
                    hash.AppendData(piece.Span[..count]);
                await copy.WriteAsync(piece[..count], cancellationToken);
            }

            copy.Flush(flushToDisk: true);
        }

        var stored = new StoredInput(new Sha1(sha1.GetHashAndReset()), size);
        if (expected is null)
            return stored;
        if (size != expected.Size)
            throw Mismatch(path, "it is shorter");
        if (Convert.ToHexStringLower(md5.GetHashAndReset()) != expected.Md5)
            throw Mismatch(path, "its MD5 is another");
        if (expected.Sha1 is not null && stored.Sha1.ToString() != expected.Sha1)
            throw Mismatch(path, "its SHA-1 is another");
        return expected.Sha256 is null || Convert.ToHexStringLower(sha256.GetHashAndReset()) == expected.Sha256
            ? stored
            : throw Mismatch(path, "its SHA-256 is another");
    }

    private static FarmException Mismatch(string path, string how) =>
        new($"{path} is not what the .dsc says: {how}; fetch the source again");
}
