using System.Buffers;
using System.Security.Cryptography;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Slave.Files;

/// <summary>
/// A result on its way from a build's folder into the cache. It is opened once, and what is open is what is looked at, summed
/// up and served: a build may leave anything under a result's name, and change it while we look.
/// </summary>
internal sealed class ResultFile : IDisposable
{
    /// <summary>The mode of a served file, whatever mode the build gave it.</summary>
    /// <remarks>Differs: the reference's copies can be read by every account of the machine.</remarks>
    private const UnixFileMode ServedMode = UnixFile.ClosedMode;

    /// <summary>Less is what file systems have that keep small files, or the ends of large ones, elsewhere than in blocks.</summary>
    private const long IgnoredHoleBytes = 1024 * 1024;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly FileFacts _facts;

    private ResultFile(string path, SafeFileHandle file, in FileFacts facts) => (_path, _file, _facts) = (path, file, facts);

    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It is no ordinary file, or can't be read.</exception>
    internal static ResultFile Open(string path)
    {
        // Looked at before as well: to open a device can do something.
        if (UnixFile.Look(path) is { } before)
            RequireRegular(path, before);
        var file = UnixFile.OpenToRead(path);
        try
        {
            var facts = UnixFile.Look(file);
            RequireRegular(path, facts);
            return new ResultFile(path, file, facts);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Has the content under another name: moved if that is safe, else copied. The old name is gone then.</summary>
    /// <param name="target">A name that nobody knows and nothing has, in a folder that only we write to.</param>
    /// <param name="now">The time that it is to have been made at. A build may have set any, and a client is told.</param>
    /// <param name="cancellationToken">To end it.</param>
    /// <param name="requireRoom">
    /// Is told how much of the disk is needed before any of it is, in bytes; throws where that is too much.
    /// </param>
    /// <returns>The sum of what lies there.</returns>
    /// <exception cref="IOException">It was swapped for another file, or can't be copied.</exception>
    internal async Task<Sha1> TakeOverAsync(
        string target, DateTimeOffset now, CancellationToken cancellationToken, Action<long>? requireRoom = null)
    {
        // A file of nothing but holes takes no room here, and all of it with whoever fetches or copies it.
        if (_facts.HoleBytes > IgnoredHoleBytes)
            requireRoom?.Invoke(_facts.HoleBytes);
        if (TryMove(target))
        {
            File.SetLastWriteTimeUtc(_file, now.UtcDateTime);
            return await HashAsync(_file, cancellationToken).ConfigureAwait(false);
        }

        requireRoom?.Invoke(_facts.Size);
        var sha1 = await CopyAsync(target, cancellationToken).ConfigureAwait(false);
        File.Delete(_path);
        return sha1;
    }

    public void Dispose() => _file.Dispose();

    private static void RequireRegular(string path, in FileFacts facts)
    {
        if (facts.Kind == FileKind.Link)
            throw new IOException($"the result '{Path.GetFileName(path)}' is a symbolic link, which is not followed");
        if (!facts.IsRegular)
            throw new IOException($"the result '{Path.GetFileName(path)}' is not an ordinary file");
    }

    /// <summary>
    /// Moves the file, which costs nothing however large it is, if its content can't change any more: it has no other name,
    /// is ours now, and nobody has it open for writing. A build's processes should be dead by then; one that is not would
    /// otherwise write to what was summed up already.
    /// </summary>
    /// <returns>False when it has to be copied; it may have the new name by then.</returns>
    private bool TryMove(string target)
    {
        var isRoot = CurrentUser.Id == 0;
        if (_facts.Links != 1 || !(isRoot || _facts.Owner == CurrentUser.Id))
            return false;
        if (!UnixFile.TryRename(_path, target))
            return false;
        if (UnixFile.Look(target) is not { } moved || !moved.IsSameFileAs(_facts))
            throw new IOException($"the result '{Path.GetFileName(_path)}' was swapped for another file while it was taken over");
        if (!UnixFile.TryOwn(_file))
            return false;
        File.SetUnixFileMode(_file, ServedMode);
        return UnixFile.HasNoWriter(_file) && UnixFile.Look(_file).Links == 1;
    }

    private async Task<Sha1> CopyAsync(string target, CancellationToken cancellationToken)
    {
        File.Delete(target); // what could not be moved safely is still open
        using var copy = File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite);
        File.SetUnixFileMode(copy, ServedMode);
        // A file system that can share blocks makes a copy at once; what is summed up then is the copy.
        return UnixFile.TryClone(_file, copy)
            ? await HashAsync(copy, cancellationToken).ConfigureAwait(false)
            : await HashAsync(_file, cancellationToken, copy).ConfigureAwait(false);
    }

    /// <summary>Reads a file once: sums it up and, if asked to, writes what was summed up to another.</summary>
    private static async Task<Sha1> HashAsync(SafeFileHandle file, CancellationToken cancellationToken, SafeFileHandle? copy = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FileCache.BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            long offset = 0;
            for (
                int count; (
                    count = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, FileCache.BufferBytes), offset, cancellationToken)
                        .ConfigureAwait(false)) > 0; offset += count)
            {
                hash.AppendData(buffer, 0, count);
                if (copy is not null)
                    await RandomAccess.WriteAsync(copy, buffer.AsMemory(0, count), offset, cancellationToken).ConfigureAwait(false);
            }

            return new Sha1(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
