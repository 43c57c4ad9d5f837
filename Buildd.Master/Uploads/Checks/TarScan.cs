using System.Buffers;
using System.Globalization;
using System.Text;

namespace Buildd.Master.Uploads.Checks;

/// <summary>One member of a tar.</summary>
/// <param name="Name">The name as it is in the tar; bytes that are no UTF-8 are replacement characters.</param>
/// <param name="Type">The letter of its type; <c>0</c> for a plain file.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="ModifiedSeconds">Its time stamp, in seconds since 1970; any number that the format can hold.</param>
internal readonly record struct TarMember(string Name, char Type, long Size, long ModifiedSeconds);

/// <summary>
/// Reads a tar as it comes, piece by piece, and keeps nothing but what is asked for: neither a huge nor an endless one takes
/// memory. It knows what dpkg knows (deb(5)): v7, ustar, GNU with long names. For one thread at a time.
/// </summary>
/// <param name="onMember">Told of each member; returns whether its content is wanted, of which there is only one.</param>
/// <param name="maxBytes">How many bytes the tar may have.</param>
/// <param name="maxMembers">How many members it may have.</param>
/// <param name="maxKeptBytes">How large the content that is wanted may be.</param>
internal sealed class TarScan(Func<TarMember, bool> onMember, long maxBytes, int maxMembers, int maxKeptBytes)
{
    private const int BlockBytes = 512;

    /// <summary>The longest path that Linux takes (limits.h).</summary>
    private const int MaxNameBytes = 4096;

    /// <summary>The types that dpkg reads: files (three spellings), links, devices, folders, pipes, long names.</summary>
    private const string KnownTypes = "\u0000" + "01234567LK";

    private readonly byte[] _block = new byte[BlockBytes];
    private int _inBlock;
    private long _total;
    private int _members;
    private long _content; // bytes of the current member's content that are still to come
    private long _padding; // and of what fills its last block
    private ArrayBufferWriter<byte>? _kept; // where the content goes, if it is wanted
    private bool _isLongName;
    private string? _longName;
    private bool _ended;

    /// <summary>What is wrong with it, in a few words; once there is something, nothing more is read.</summary>
    public string? Mistake { get; private set; }

    /// <summary>The content that was asked for; null when it wasn't, or is not whole.</summary>
    public ReadOnlyMemory<byte>? Content { get; private set; }

    /// <summary>Whether the tar came to its proper end.</summary>
    public bool IsComplete => _ended && Mistake is null;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _total += bytes.Length;
        if (Mistake is null && _total > maxBytes)
            Mistake = string.Create(CultureInfo.InvariantCulture, $"it unpacks to more than {maxBytes} bytes");
        while (!bytes.IsEmpty && !_ended && Mistake is null)
        {
            if (_content > 0)
                bytes = TakeContent(bytes);
            else if (_padding > 0)
                bytes = Skip(bytes, ref _padding);
            else
                bytes = TakeHeader(bytes);
        }
    }

    private static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> bytes, ref long count)
    {
        var part = (int)Math.Min(bytes.Length, count);
        count -= part;
        return bytes[part..];
    }

    private ReadOnlySpan<byte> TakeContent(ReadOnlySpan<byte> bytes)
    {
        var part = (int)Math.Min(bytes.Length, _content);
        _kept?.Write(bytes[..part]);
        _content -= part;
        if (_content == 0)
            EndContent();
        return bytes[part..];
    }

    private void EndContent()
    {
        if (_kept is null)
            return;
        if (_isLongName)
            _longName = TextOf(_kept.WrittenSpan);
        else
            Content = _kept.WrittenMemory;
        _kept = null;
    }

    private ReadOnlySpan<byte> TakeHeader(ReadOnlySpan<byte> bytes)
    {
        var part = Math.Min(bytes.Length, BlockBytes - _inBlock);
        bytes[..part].CopyTo(_block.AsSpan(_inBlock));
        _inBlock += part;
        if (_inBlock == BlockBytes)
        {
            _inBlock = 0;
            ReadHeader();
        }

        return bytes[part..];
    }

    private void ReadHeader()
    {
        if (!_block.AsSpan().ContainsAnyExcept((byte)0))
        {
            _ended = true; // a second empty block should follow; dpkg doesn't insist, and neither does tar
            return;
        }

        if (NumberAt(148, 8) != Sum())
        {
            Mistake = "a member's header does not add up";
            return;
        }

        if (NumberAt(124, 12) is not (>= 0 and var size) || NumberAt(136, 12) is not { } modified)
        {
            Mistake = "a member's header has a number that is none";
            return;
        }

        var type = (char)_block[156];
        if (!KnownTypes.Contains(type, StringComparison.Ordinal))
        {
            Mistake = $"a member is of the type '{(char.IsAsciiLetterOrDigit(type) ? type : '?')}', which dpkg does not know";
            return;
        }

        if (++_members > maxMembers)
        {
            Mistake = $"it has more than {maxMembers} members";
            return;
        }

        // Links, devices and folders have no content, whatever their header says; dpkg skips none either.
        _content = type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : size;
        _padding = (BlockBytes - _content % BlockBytes) % BlockBytes;
        _isLongName = type is 'L';
        if (type is 'L' or 'K')
        {
            if (size > MaxNameBytes)
                Mistake = $"a member's name is longer than {MaxNameBytes} bytes";
            else if (type is 'L')
                _kept = new ArrayBufferWriter<byte>();
            return;
        }

        var isWanted = onMember(new TarMember(_longName ?? NameInHeader(), type is '\0' or '7' ? '0' : type, size, modified));
        _longName = null;
        if (!isWanted)
            return;
        if (size > maxKeptBytes)
            Mistake = string.Create(
                CultureInfo.InvariantCulture, $"a member is to be read that has {size} bytes, and {maxKeptBytes} are allowed");
        else if (size > 0)
            _kept = new ArrayBufferWriter<byte>();
        else
            Content = ReadOnlyMemory<byte>.Empty;
    }

    private string NameInHeader()
    {
        var name = TextOf(_block.AsSpan(0, 100));
        var isUstar = _block.AsSpan(257, 6).SequenceEqual("ustar\0"u8); // GNU writes "ustar " and uses the prefix otherwise
        return isUstar && TextOf(_block.AsSpan(345, 155)) is { Length: > 0 } prefix ? $"{prefix}/{name}" : name;
    }

    private static string TextOf(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>Octal digits, or with the highest bit set a big-endian number in two's complement; null if it is neither.</summary>
    private long? NumberAt(int offset, int length)
    {
        var field = _block.AsSpan(offset, length);
        if ((field[0] & 0x80) != 0)
        {
            var value = (field[0] & 0x40) != 0 ? -1L : 0L;
            for (var i = 0; i < length; i++)
            {
                // What does not fit into 64 bits would be shifted out, and a hostile size come back as a harmless one.
                if (i <= length - 9 && (i == 0 ? (field[0] & 0x7F) is not (0 or 0x7F) : field[i] != (byte)value))
                    return null;
                value = (value << 8) | (i == 0 ? (byte)(field[0] == 0xFF ? 0xFF : field[0] & 0x7F) : field[i]);
            }

            return value;
        }

        var text = Encoding.Latin1.GetString(field).Trim('\0', ' ');
        var number = 0L;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7')
                return null;
            number = (number << 3) | (uint)(digit - '0');
        }

        return number;
    }

    /// <summary>The sum of the header's bytes, its own field taken for blanks.</summary>
    private long Sum()
    {
        var sum = 0L;
        for (var i = 0; i < BlockBytes; i++)
            sum += i is >= 148 and < 156 ? ' ' : _block[i];
        return sum;
    }
}
