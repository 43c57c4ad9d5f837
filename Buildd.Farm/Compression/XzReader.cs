using System.Globalization;
using SharpCompress.Compressors.Xz;

namespace Buildd.Farm.Compression;

/// <summary>
/// Unpacks xz (tukaani.org/xz/xz-file-format.txt): all streams of a file, their blocks and the padding between them. The sums of all
/// parts are checked.
/// </summary>
/// <remarks>SharpCompress's <see cref="XZStream"/> ends silently after the first stream, and allocates what a block asks for.</remarks>
/// <param name="file">The file, at its beginning. It can seek, and is not closed.</param>
internal sealed class XzReader(Stream file) : ReadOnlyStream
{
    /// <summary>
    /// The most memory that a block may ask for. <c>xz -9</c> asks for 64 MiB; the format allows 4 GiB, which a few bytes can ask for.
    /// </summary>
    internal const long MaxDictionaryBytes = 256L << 20;

    private const int PaddingBytes = 4;
    private const int Lzma2 = 0x21;

    private byte[] _piece = [];
    private XZHeader? _header;
    private XZBlock? _block;
    private bool _hasStream;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_block is null && !BeginBlock())
                return 0;
            if (_piece.Length < buffer.Length)
                _piece = new byte[buffer.Length];
            var read = _block!.Read(_piece, 0, buffer.Length);
            _piece.AsSpan(0, read).CopyTo(buffer);
            if (read < buffer.Length)
                _block = null; // it has ended, and has compared its sum
            if (read > 0)
                return read;
        }

        return 0;
    }

    /// <returns>Whether there is one; otherwise this was the file's end.</returns>
    private bool BeginBlock()
    {
        while (true)
        {
            if (_header is null && !BeginStream())
                return false;
            var size = file.ReadByte();
            file.Seek(size < 0 ? 0 : -1, SeekOrigin.Current);
            if (size > 0)
            {
                CheckDictionary((size + 1) * 4);
                _block = new XZBlock(file, _header!.BlockCheckType, _header.BlockCheckSize);
                return true;
            }

            XZIndex.FromStream(file, indexMarkerAlreadyVerified: false);
            XZFooter.FromStream(file);
            _header = null;
        }
    }

    /// <returns>Whether there is one; otherwise this was the file's end.</returns>
    private bool BeginStream()
    {
        Span<byte> padding = stackalloc byte[PaddingBytes];
        while (true)
        {
            var read = file.ReadAtLeast(padding, PaddingBytes, throwOnEndOfStream: false);
            if (_hasStream && read == 0)
                return false;
            if (_hasStream && read == PaddingBytes && !padding.ContainsAnyExcept((byte)0))
                continue;
            file.Seek(-read, SeekOrigin.Current);
            _header = XZHeader.FromStream(file);
            return _hasStream = true;
        }
    }

    /// <summary>Reads a block's header ahead and refuses a dictionary that is too large. The block itself finds other mistakes.</summary>
    private void CheckDictionary(int size)
    {
        Span<byte> header = stackalloc byte[size];
        var read = file.ReadAtLeast(header, size, throwOnEndOfStream: false);
        file.Seek(-read, SeekOrigin.Current);
        var rest = (ReadOnlySpan<byte>)header[..read];
        if (rest.Length < 2)
            return;
        var flags = rest[1];
        rest = rest[2..];
        for (var sizes = (flags >> 6 & 1) + (flags >> 7); sizes > 0; sizes--)
            TakeNumber(ref rest);
        for (var filters = (flags & 3) + 1; filters > 0; filters--)
        {
            var filter = TakeNumber(ref rest);
            var length = TakeNumber(ref rest);
            if (length > (ulong)rest.Length)
                return;
            if (filter == Lzma2 && length == 1 && DictionaryBytes(rest[0]) is > MaxDictionaryBytes and var bytes)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"a block needs {bytes >> 20} MiB of memory to be unpacked, and at most {MaxDictionaryBytes >> 20} MiB are given"));
            }

            rest = rest[(int)length..];
        }
    }

    /// <summary>Section 5.3.1 of the format.</summary>
    private static long DictionaryBytes(byte bits) => bits >= 40 ? uint.MaxValue : (2L | bits & 1u) << bits / 2 + 11;

    /// <summary>Section 1.2 of the format: seven bits in each byte, the lowest first.</summary>
    private static ulong TakeNumber(ref ReadOnlySpan<byte> bytes)
    {
        var number = 0UL;
        for (var shift = 0; shift < 63 && !bytes.IsEmpty; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                break;
        }

        return number;
    }
}
