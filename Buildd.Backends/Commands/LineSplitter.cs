using System.Buffers;

namespace Buildd.Backends.Commands;

/// <summary>Takes bytes in pieces, as a process writes them, and hands on lines. For one thread at a time.</summary>
/// <param name="maxLineBytes">How much of a line is kept, in bytes; the rest of a longer one is dropped.</param>
/// <param name="handler">Gets each line.</param>
internal sealed class LineSplitter(int maxLineBytes, LineSplitter.LineHandler handler)
{
    private readonly ArrayBufferWriter<byte> _begun = new();
    private bool _isCut;

    /// <summary>Gets a line without what ends it. The bytes are valid only during the call.</summary>
    /// <param name="line">The line, or as much as is kept of it.</param>
    /// <param name="isCut">Whether it was longer.</param>
    internal delegate void LineHandler(ReadOnlySpan<byte> line, bool isCut);

    /// <summary>Takes a piece.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.IndexOf((byte)'\n') is >= 0 and var length; bytes = bytes[(length + 1)..])
        {
            if (_begun.WrittenCount > 0 || _isCut)
            {
                Keep(bytes[..length]);
                End();
            }
            else
            {
                handler(bytes[..Math.Min(length, maxLineBytes)], length > maxLineBytes);
            }
        }

        Keep(bytes);
    }

    /// <summary>There is no more: what was begun is a line too.</summary>
    internal void Complete()
    {
        if (_begun.WrittenCount > 0 || _isCut)
            End();
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var room = maxLineBytes - _begun.WrittenCount;
        _isCut |= bytes.Length > room;
        _begun.Write(bytes[..Math.Min(bytes.Length, room)]);
    }

    private void End()
    {
        handler(_begun.WrittenSpan, _isCut);
        _begun.ResetWrittenCount();
        _isCut = false;
    }
}
