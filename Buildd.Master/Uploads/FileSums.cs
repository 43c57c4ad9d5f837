using System.Buffers;
using System.Security.Cryptography;
using Buildd.Linux.Files;
using Buildd.Protocol;

namespace Buildd.Master.Uploads;

/// <summary>The sums of a file, in lower-case hexadecimal, computed in one pass and in little memory.</summary>
internal sealed record FileSums(long Size, string Md5, Sha1 Sha1, string Sha256)
{
    private const int PieceBytes = 128 * 1024;

    public static async Task<FileSums> OfAsync(string path, CancellationToken cancellationToken)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var size = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
            await using (stream.ConfigureAwait(false))
            {
                for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; size += read)
                {
                    md5.AppendData(buffer, 0, read);
                    sha1.AppendData(buffer, 0, read);
                    sha256.AppendData(buffer, 0, read);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new FileSums(size, Hex(md5), new Sha1(sha1.GetHashAndReset()), Hex(sha256));

        static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static async Task<bool> AreSameAsync(string one, string other, CancellationToken cancellationToken) =>
        UnixFile.KindOf(other) == FileKind.Regular
        && new FileInfo(one).Length == new FileInfo(other).Length
        && await OfAsync(one, cancellationToken).ConfigureAwait(false) == await OfAsync(other, cancellationToken).ConfigureAwait(false);
}
