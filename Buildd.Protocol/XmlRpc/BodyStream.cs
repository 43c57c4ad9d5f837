using System.Buffers;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// A body as a stream that ends a token that is too long: the parser hands text on in pieces, but holds the whole of a
/// tag with all its attributes, of a comment and of a CDATA section.
/// </summary>
internal sealed class BodyStream(ReadOnlySequence<byte> body) : Stream
{
    private ReadOnlySequence<byte> _rest = body;
    private int _tokenBytes;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Starts the count anew.</summary>
    public void BeginToken() => _tokenBytes = 0;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, _rest.Length);
        _rest.Slice(0, count).CopyTo(buffer);
        _rest = _rest.Slice(count);

        // What was read ahead makes the count too low, and a whole buffer is counted at once: the limit is rough.
        _tokenBytes += count;
        if (_tokenBytes > XmlRpcLimits.MaxMarkupBytes)
        {
            throw new XmlRpcReadException(
                $"a tag, comment or section has more than the limit of {XmlRpcLimits.MaxMarkupBytes} bytes");
        }

        return count;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
