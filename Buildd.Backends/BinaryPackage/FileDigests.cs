using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Buildd.Linux.Files;
using Buildd.Protocol;

namespace Buildd.Backends.BinaryPackage;

/// <summary>A file and its sums.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Sha256">Its SHA-256 in small hexadecimal digits.</param>
/// <param name="Sha1">Its SHA-1 likewise, which is its name in the protocol; null when nobody needs it.</param>
/// <param name="Uri">Where it came from, without credentials; null when that is not known.</param>
internal sealed record FileDigests(string Name, string Sha256, Sha1? Sha1 = null, string? Uri = null)
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">It can't be read, or is a link, a pipe or anything else but a file.</exception>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "It is the protocol's name of a file.")]
    internal static async Task<FileDigests> ReadAsync(string name, string path, CancellationToken cancellationToken)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            using var file = UnixFile.TryOpenRegular(path) ?? throw new IOException($"'{name}' is no ordinary file");
            var length = 0L;
            for (int count; (count = await RandomAccess.ReadAsync(file, piece, length, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                sha256.AppendData(piece, 0, count);
                sha1.AppendData(piece, 0, count);
                length += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        return new FileDigests(name, Convert.ToHexStringLower(sha256.GetHashAndReset()), new Sha1(sha1.GetHashAndReset()));
    }
}
