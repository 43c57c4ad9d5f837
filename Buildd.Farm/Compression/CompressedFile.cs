using Buildd.Master.Uploads.Archives;
using SharpCompress.Common;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.ZStandard;

namespace Buildd.Farm.Compression;

/// <summary>How a file is compressed. The names are those of the programs.</summary>
internal enum CompressionKind
{
    /// <summary>In none of these ways.</summary>
    None,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>bzip2.</summary>
    Bzip2,

    /// <summary>xz.</summary>
    Xz,

    /// <summary>zstd. A window of more than 128 MiB is refused, as the program does unless it is told otherwise.</summary>
    Zstd,
}

/// <summary>Unpacks files while they are read. Memory does not depend on their size.</summary>
internal static class CompressedFile
{
    /// <summary>SharpCompress reads single bytes and small pieces.</summary>
    private const int BufferBytes = 64 * 1024;

    private static readonly (CompressionKind Kind, byte[] Begin)[] Signatures =
    [
        (CompressionKind.Gzip, [0x1F, 0x8B]),
        (CompressionKind.Bzip2, "BZh"u8.ToArray()),
        (CompressionKind.Xz, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]),
        (CompressionKind.Zstd, [0x28, 0xB5, 0x2F, 0xFD]),
    ];

    /// <summary>Returns how a file is compressed, by its first bytes, as tar finds it out.</summary>
    /// <param name="file">The file, at its beginning, where it is afterwards too.</param>
    internal static CompressionKind Detect(Stream file)
    {
        Span<byte> begin = stackalloc byte[6];
        var read = file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        file.Seek(-read, SeekOrigin.Current);
        foreach (var (kind, signature) in Signatures)
        {
            if (begin[..read].StartsWith(signature))
                return kind;
        }

        return CompressionKind.None;
    }

    /// <summary>Unpacks a file. Reading throws <see cref="InvalidDataException"/> when it was cut off or is damaged.</summary>
    /// <param name="file">The file, at its beginning. It can seek, and is closed with the stream.</param>
    /// <param name="kind">How it is compressed.</param>
    internal static Stream Unpack(Stream file, CompressionKind kind)
    {
        var buffered = new BufferedStream(file, BufferBytes);
        return kind == CompressionKind.None ? buffered : new UnpackingStream(() => Open(buffered, kind), buffered);
    }

    /// <summary>The ways besides gzip in which an archive's indexes can be compressed; the first is the cheapest to read.</summary>
    internal static IReadOnlyList<IndexCompression> Indexes { get; } =
    [
        new(".zst", file => Unpack(file, CompressionKind.Zstd)),
        new(".xz", file => Unpack(file, CompressionKind.Xz)),
        new(".bz2", file => Unpack(file, CompressionKind.Bzip2)),
    ];

    private static Stream Open(Stream file, CompressionKind kind) => kind switch
    {
        CompressionKind.Gzip => new GzipReader(file),
        CompressionKind.Bzip2 => BZip2Stream.Create(
            file, SharpCompress.Compressors.CompressionMode.Decompress, decompressConcatenated: true, leaveOpen: true),
        CompressionKind.Xz => new XzReader(file),
        CompressionKind.Zstd => new DecompressionStream(file, BufferBytes, checkEndOfStream: true, leaveOpen: true),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    /// <summary>
    /// Whether a damaged file can cause an exception. SharpCompress has types of its own for that, and trips over the runtime's where it
    /// did not expect what it read: places outside of tables, streams in no such state, sums that overflow.
    /// </summary>
    private static bool IsOfDamage(Exception exception) => exception is SharpCompressException or ZstdException or IOException
        or ArgumentException or ArithmeticException or FormatException or IndexOutOfRangeException or InvalidCastException
        or InvalidOperationException or NotSupportedException or NullReferenceException;

    /// <summary>Has one type of exception for a damaged file.</summary>
    private sealed class UnpackingStream(Func<Stream> open, Stream file) : ReadOnlyStream
    {
        private Stream? _unpacked;

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return (_unpacked ??= open()).Read(buffer);
            }
            catch (Exception e) when (IsOfDamage(e))
            {
                throw new InvalidDataException(e.Message, e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _unpacked?.Dispose();
                file.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
