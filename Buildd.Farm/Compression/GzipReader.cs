using System.IO.Compression;
using System.Security.Cryptography;

namespace Buildd.Farm.Compression;

/// <summary>Unpacks gzip (RFC 1952), of one member or several, and knows a file that was cut off or that something else follows.</summary>
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
        _unpacked = new GZipStream(new FollowedStream(file, member.ToArray()), CompressionMode.Decompress);
    }

    public override int Read(Span<byte> buffer)
    {
        while (_end - _start <= MarkBytes) // what could be the mark is held back
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = _unpacked.Read(_buffer.AsSpan(_end));
            _end += read;
            if (read > 0)
                continue;
            return _buffer.AsSpan(.._end).SequenceEqual(_mark)
                ? 0
                : throw new InvalidDataException("the file was cut off, or something else follows");
        }

        var count = Math.Min(buffer.Length, _end - _start - MarkBytes);
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

    /// <summary>A file, and then some bytes.</summary>
    private sealed class FollowedStream(Stream file, byte[] after) : ReadOnlyStream
    {
        private int _given;

        public override int Read(Span<byte> buffer)
        {
            if (file.Read(buffer) is > 0 and var read)
                return read;
            var rest = after.AsSpan(_given, Math.Min(buffer.Length, after.Length - _given));
            rest.CopyTo(buffer);
            _given += rest.Length;
            return rest.Length;
        }
    }
}
