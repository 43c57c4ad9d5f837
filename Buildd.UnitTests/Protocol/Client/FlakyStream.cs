namespace Buildd.UnitTests.Protocol.Client;

/// <summary>Delivers some bytes, a few at a time, and then ends, breaks or hangs.</summary>
public sealed class FlakyStream(
    ReadOnlyMemory<byte> bytes, FlakyStream.End end = FlakyStream.End.Close, int pieceBytes = 7) : Stream
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <summary>What comes after the bytes.</summary>
    public enum End
    {
        /// <summary>An end of the stream, as if that were all.</summary>
        Close,

        /// <summary>A broken connection.</summary>
        Break,

        /// <summary>Nothing, for ever.</summary>
        Hang,
    }

    public Action? OnHang { get; init; }

    public bool IsDisposed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_rest.IsEmpty)
        {
            var piece = _rest[..Math.Min(Math.Min(buffer.Length, pieceBytes), _rest.Length)];
            piece.CopyTo(buffer);
            _rest = _rest[piece.Length..];
            return piece.Length;
        }

        if (end == End.Break)
            throw new IOException("Connection reset by peer");
        if (end == End.Hang)
        {
            OnHang?.Invoke();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
