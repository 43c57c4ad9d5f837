using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Buildd.Farm.Chroots;

/// <summary>The kinds of entries that matter in a chroot.</summary>
internal enum TarEntryKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>Another name of an earlier entry.</summary>
    HardLink,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A device, a pipe, or a thing that only its maker knows.</summary>
    Other,
}

/// <summary>An entry of a tar.</summary>
/// <param name="Name">Its name as it is in the tar.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Target">Where a link leads; otherwise empty.</param>
internal readonly record struct TarEntry(string Name, TarEntryKind Kind, string Target);

/// <summary>
/// Reads the entries of a tar as it comes and passes over their content: memory does not depend on its size. Every header has to be
/// right by its sum, and the end mark has to be there. It knows ustar, POSIX's extended headers and GNU's long names, sparse files,
/// labels and folders of incremental archives, as GNU tar does, which unpacks chroots on slaves.
/// </summary>
/// <remarks>
/// SharpCompress's reader is too lenient for a check: it compares no sums of headers, takes a tar that was cut off between two
/// entries for a whole one, and reads the names of GNU's sparse files wrongly. System.Formats.Tar reads long names of any length.
/// </remarks>
/// <param name="tar">The tar.</param>
internal sealed class TarEntries(Stream tar)
{
    private const int BlockBytes = 512;

    /// <summary>The longest that an extended header may be: names have at most 4096 bytes, and the rest are attributes.</summary>
    private const int MaxExtensionBytes = 1 << 20;

    private readonly byte[] _header = new byte[BlockBytes];
    private readonly byte[] _piece = new byte[64 * 1024];
    private long _content;

    /// <summary>The number of bytes that were read.</summary>
    internal long Position { get; private set; }

    /// <summary>Reads up to the next entry; null at the tar's end.</summary>
    /// <exception cref="InvalidDataException">It was cut off, or is no tar.</exception>
    internal TarEntry? Next()
    {
        string? longName = null, longTarget = null;
        long? realSize = null;
        while (true)
        {
            Skip(_content);
            if (!TryReadHeader())
                return null;
            var size = Number(124, 12);
            var type = (char)_header[156];
            switch (type)
            {
                case 'L':
                    longName = Text(ReadExtension(size));
                    break;
                case 'K':
                    longTarget = Text(ReadExtension(size));
                    break;
                case 'x' or 'X':
                    var records = ReadExtension(size);
                    longName = Record(records, "GNU.sparse.name") ?? Record(records, "path") ?? longName;
                    longTarget = Record(records, "linkpath") ?? longTarget;
                    realSize = Record(records, "size") is { } text ? Size(text) : realSize;
                    break;
                case 'g':
                    ReadExtension(size);
                    break;
                case 'V': // the label of the whole, which becomes no file
                    _content = size + Padding(size);
                    break;
                default:
                    var entry = new TarEntry(longName ?? ShortName(), Kind(type), longTarget ?? Text(_header.AsSpan(157, 100)));
                    if (type == 'S')
                        PassOverSparseMap();
                    size = realSize ?? size;
                    _content = type is >= '1' and <= '6' ? 0 : size + Padding(size);
                    return entry;
            }
        }
    }

    /// <summary>Reads what follows the end mark, so that all sums of a compressed tar are compared.</summary>
    internal void ReadToEnd()
    {
        while (Read(_piece) > 0)
        {
            // tar takes no notice of it either
        }
    }

    private static TarEntryKind Kind(char type) => type switch
    {
        '\0' or '0' or '7' or 'S' => TarEntryKind.File,
        '1' => TarEntryKind.HardLink,
        '2' => TarEntryKind.Link,
        '5' or 'D' => TarEntryKind.Folder,
        _ => TarEntryKind.Other,
    };

    private static long Padding(long size) => (BlockBytes - size % BlockBytes) % BlockBytes;

    private static string Text(ReadOnlySpan<byte> bytes) =>
        Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes);

    /// <summary>A size that has no room in a header, which then has another one.</summary>
    private static long Size(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size <= long.MaxValue / 2
            ? size
            : throw new InvalidDataException("an extended header has a size that is none");

    /// <summary>Finds a record <c>LENGTH KEY=VALUE</c> and a line end in an extended header (pax(1)).</summary>
    private static string? Record(ReadOnlySpan<byte> records, string key)
    {
        while (records.IndexOf((byte)' ') is > 0 and var blank)
        {
            if (!int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= blank + 1 || length > records.Length)
                throw new InvalidDataException("an extended header is damaged");
            var record = Encoding.UTF8.GetString(records[(blank + 1)..(length - 1)]);
            if (record.StartsWith(key, StringComparison.Ordinal) && record.Length > key.Length && record[key.Length] == '=')
                return record[(key.Length + 1)..];
            records = records[length..];
        }

        return null;
    }

    /// <returns>Whether there is one; otherwise this was the end mark.</returns>
    private bool TryReadHeader()
    {
        ReadWhole(_header);
        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
            return false;
        var (sum, ofSigned) = (' ' * 8L, ' ' * 8L); // some old programs of tar take bytes for signed
        for (var i = 0; i < BlockBytes; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : _header[i];
            ofSigned += i is >= 148 and < 156 ? 0 : (sbyte)_header[i];
        }

        return Number(148, 8) is var said && (said == sum || said == ofSigned) ? true : throw Damaged();
    }

    /// <summary>POSIX's headers have the front part of a long name apart; GNU's have other things there.</summary>
    private string ShortName()
    {
        var name = Text(_header.AsSpan(0, 100));
        var isPosix = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        return isPosix && Text(_header.AsSpan(345, 155)) is { Length: > 0 } prefix ? $"{prefix}/{name}" : name;
    }

    /// <summary>Octal digits, or, if the first bit is set, a number of 64 bits at the end of the field.</summary>
    private long Number(int offset, int length)
    {
        var field = _header.AsSpan(offset, length);
        var number = 0L;
        if ((field[0] & 0x80) != 0)
        {
            number = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
        }
        else
        {
            foreach (var digit in Text(field).Trim(' '))
                number = digit is >= '0' and <= '7' && number < long.MaxValue >> 3 ? number << 3 | (uint)(digit - '0') : -1L;
        }

        return number is >= 0 and <= long.MaxValue / 2 ? number : throw Damaged();
    }

    private byte[] ReadExtension(long size)
    {
        if (size > MaxExtensionBytes)
            throw new InvalidDataException($"an entry has a header of {size} bytes, and at most {MaxExtensionBytes} are read");
        var extension = new byte[size];
        ReadWhole(extension);
        _content = Padding(size);
        return extension;
    }

    /// <summary>More blocks with the places of a sparse file's content follow its header as long as the one before says so.</summary>
    private void PassOverSparseMap()
    {
        for (var more = _header[482]; more != 0; more = _header[504])
            ReadWhole(_header.AsSpan());
    }

    private void Skip(long count)
    {
        while (count > 0)
        {
            var read = Read(_piece.AsSpan(0, (int)Math.Min(_piece.Length, count)));
            if (read == 0)
                throw CutOff();
            count -= read;
        }

        _content = 0;
    }

    private void ReadWhole(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var read = Read(bytes);
            if (read == 0)
                throw CutOff();
            bytes = bytes[read..];
        }
    }

    private int Read(Span<byte> bytes)
    {
        var read = tar.Read(bytes);
        Position += read;
        return read;
    }

    private InvalidDataException Damaged() =>
        new(Position == BlockBytes ? "it does not begin as a tar does" : $"the header of an entry is damaged, at byte {Position} unpacked");

    private InvalidDataException CutOff() => new(Position == 0 ? "it is empty" : $"it was cut off, after {Position} bytes unpacked");
}
