using System.IO.Compression;
using System.Security.Cryptography;

namespace Buildd.Farm.Compression;

/// <summary>
/// Unpacks gzip (RFC 1952), of one member or several, and knows a file that was cut off or that something else follows. Zeros may
/// follow, as gzip allows: tapes and media of whole blocks leave them.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> checks sums, but takes a file that was cut off for a shorter one. So a member with a content that nobody
/// can guess is appended: only if all before it was whole does that content come out at the end. SharpCompress's own reader knows
/// what was cut off, but ends silently after the first member.
/// </remarks>
internal sealed class GzipReader : ReadOnlyStream
{
    private const int MarkBytes = 16;
    private const int PieceBytes = 64 * 1024;

    private readonly byte[] _mark = RandomNumberGenerator.GetBytes(MarkBytes);
    private readonly FollowedStream _packed;
    private readonly GZipStream _unpacked;
    private readonly byte[] _buffer = new byte[PieceBytes + MarkBytes];
    private int _start;
    private int _end;

    /// <param name="file">The file, at its beginning. It is not closed.</param>
    internal GzipReader(Stream file)
    {
        using var member = new MemoryStream();
        using (var pack = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true))
            pack.Write(_mark);
        _packed = new FollowedStream(file, member.ToArray());
        _unpacked = new GZipStream(_packed, CompressionMode.Decompress);
    }

    public override int Read(Span<byte> buffer)
    {
        while (_end - _start <= MarkBytes) // what could be the mark is held back
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = Unpack(_buffer.AsSpan(_end));
            _end += read;
            if (read > 0)
                continue;
            if (_packed.IsLeftInZeros)
                return Give(buffer, _end);
            return _buffer.AsSpan(.._end).SequenceEqual(_mark)
                ? 0
                : throw new InvalidDataException("the file was cut off, or something else follows");
        }

        return Give(buffer, _end - _start - MarkBytes);
    }

    /// <summary>Of a file that was cut off the member that follows is taken for its end, which the framework has no words for.</summary>
    private int Unpack(Span<byte> buffer)
    {
        try
        {
            return _unpacked.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("the file was cut off, or is damaged", e);
        }
    }

    private int Give(Span<byte> buffer, int available)
    {
        var count = Math.Min(buffer.Length, available);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _unpacked.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>
    /// A file, and then some bytes. The zeros at the file's end are given one by one, so that it shows how many are wanted.
    /// </summary>
    private sealed class FollowedStream(Stream file, byte[] after) : ReadOnlyStream
    {
        private readonly byte[] _piece = new byte[PieceBytes];
        private long _due; // zeros before what is in the piece
        private int _start;
        private int _end;
        private long _zeros; // behind it, of which nobody knows yet whether anything else follows
        private bool _isAtEnd;
        private bool _hasGivenZero;
        private int _given;

        /// <summary>
        /// Whether a zero at the end of the file was the last that was given: the sum of the last member may end in zeros, and whoever
        /// asks for one more and stops there has found the member whole and no other begun.
        /// </summary>
        internal bool IsLeftInZeros => _hasGivenZero && _given == 0;

        public override int Read(Span<byte> buffer)
        {
            while (_start == _end && !_isAtEnd)
                Fill();
            var count = (int)Math.Min(_due, buffer.Length);
            if (count > 0)
            {
                buffer[..count].Clear();
                _due -= count;
                return count;
            }

            if (_start < _end)
                return Give(buffer, _piece.AsSpan(_start.._end), ref _start);
            if (_zeros == 0)
                return Give(buffer, after.AsSpan(_given), ref _given);
            buffer[0] = 0;
            _zeros--;
            _hasGivenZero = true;
            return 1;
        }

        private static int Give(Span<byte> buffer, ReadOnlySpan<byte> from, ref int position)
        {
            var count = Math.Min(buffer.Length, from.Length);
            from[..count].CopyTo(buffer);
            position += count;
            return count;
        }

        private void Fill()
        {
            var read = file.Read(_piece);
            var end = _piece.AsSpan(..read).LastIndexOfAnyExcept((byte)0) + 1;
            _isAtEnd = read == 0;
            if (end > 0)
                (_due, _start, _end, _zeros) = (_zeros, 0, end, 0);
            _zeros += read - end;
        }
    }
}
