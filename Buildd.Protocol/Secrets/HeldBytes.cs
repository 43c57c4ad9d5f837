using System.Buffers;

namespace Buildd.Protocol.Secrets;

/// <summary>What a filter keeps of one piece of a stream until it has seen the next.</summary>
/// <remarks>Two buffers in turns: what <see cref="Join"/> gave stays as it is while <see cref="Keep"/> copies a part of it.</remarks>
internal sealed class HeldBytes
{
    private ArrayBufferWriter<byte> _held = new();
    private ArrayBufferWriter<byte> _spare = new();

    /// <summary>Whether nothing is kept.</summary>
    internal bool IsEmpty => _held.WrittenCount == 0;

    /// <summary>What was kept, followed by the new piece. Valid until the call after the next one.</summary>
    internal ReadOnlySpan<byte> Join(ReadOnlySpan<byte> input)
    {
        if (_held.WrittenCount == 0)
            return input;
        _held.Write(input);
        return _held.WrittenSpan;
    }

    /// <summary>Keeps this, and nothing else, for the next piece.</summary>
    internal void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty && _held.WrittenCount == 0)
            return;
        _spare.ResetWrittenCount();
        _spare.Write(bytes);
        (_held, _spare) = (_spare, _held);
    }
}
