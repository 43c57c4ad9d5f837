using System.Security.Cryptography;
using Buildd.Linux.Files;
using Buildd.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Slave.Files;

/// <summary>A file on its way into the cache: written and summed up as it comes, in as many pieces as the connection takes.</summary>
/// <param name="folder">The cache.</param>
/// <param name="sum">The sum that the file is to have, as the master spelled it.</param>
/// <remarks>For one download, which does one thing at a time.</remarks>
internal sealed class DownloadFile(CacheFolder folder, string sum) : IDisposable
{
    /// <summary>How often a download that does not say how long it is looks for room.</summary>
    private const long BytesBetweenLooks = 16 * 1024 * 1024;

    private readonly string _path = folder.DownloadPathOf(sum);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private SafeFileHandle? _file;
    private bool _isLengthKnown;
    private long _nextLook;
    private Sha1 _sha1;

    /// <summary>How many bytes there are so far.</summary>
    internal long Length { get; private set; }

    /// <summary>Begins from nothing, also when something is there already. Room for all of it is taken at once.</summary>
    /// <param name="length">How long it will be; null if nobody says.</param>
    /// <exception cref="FileCacheException">There is no room, or it can't be written.</exception>
    internal void Begin(long? length)
    {
        _file?.Dispose();
        _file = null;
        _hash.GetHashAndReset();
        (Length, _nextLook, _isLengthKnown) = (0, BytesBetweenLooks, length is not null);
        try
        {
            // Removed and made anew, so that a link of that name is not written through.
            File.Delete(_path);
            if (folder.FindLack(length ?? 0) is { } lack)
                throw new FileCacheException(lack);
            _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: length ?? 0);
            File.SetUnixFileMode(_file, UnixFile.ClosedMode);
        }
        catch (Exception e) when (e is IOException and not FileCacheException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

    /// <summary>Sums up the next piece and writes it.</summary>
    /// <exception cref="FileCacheException">There is no room, or it can't be written.</exception>
    internal async ValueTask AppendAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (!_isLengthKnown && Length >= _nextLook)
        {
            _nextLook += BytesBetweenLooks;
            if (folder.FindLack() is { } lack)
                throw new FileCacheException(lack);
        }

        try
        {
            // One after the other: doing both at once was measured, and gained nothing.
            _hash.AppendData(piece.Span);
            await RandomAccess.WriteAsync(_file!, piece, Length, cancellationToken).ConfigureAwait(false);
            Length += piece.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

    /// <summary>Ends writing.</summary>
    /// <returns>The sum of what was written.</returns>
    internal Sha1 Finish()
    {
        RandomAccess.SetLength(_file!, Length);
        _file!.Dispose();
        return _sha1 = new Sha1(_hash.GetHashAndReset());
    }

    /// <summary>Puts the file into its place, once it is finished.</summary>
    /// <exception cref="FileCacheException">It can't be renamed.</exception>
    internal void Keep() => folder.Put(_path, _sha1, replace: true);

    /// <summary>Removes what is not in its place.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _hash.Dispose();
        folder.RemoveTemporary(_path);
    }

    private FileCacheException NotWritten(Exception e) =>
        new($"The file could not be written to the file cache '{folder.Directory}'", e);
}
