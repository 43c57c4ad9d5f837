namespace Buildd.Protocol.Client;

/// <summary>
/// The bytes of a file over as many connections as it takes: a broken one is replaced by one that begins where it
/// broke. Never longer or shorter than the file was said to be.
/// </summary>
/// <param name="source">Where connections come from.</param>
/// <param name="first">The first one.</param>
/// <param name="offset">Where in the file it begins.</param>
/// <param name="spareConnections">How many more there may be.</param>
internal sealed class ResumingStream(FileSource source, FilePart first, long offset, int spareConnections) : Stream
{
    private readonly long _end = first.TotalLength;
    private FilePart? _part = first;
    private long _position = offset;
    private int _spareConnections = spareConnections;
    private bool _disposed;

    /// <inheritdoc/>
    public override bool CanRead => !_disposed;

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

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var wanted = buffer[..(int)Math.Min(buffer.Length, _end - _position)];
        if (wanted.IsEmpty)
            return 0;

        while (true)
        {
            try
            {
                _part ??= await source.OpenAsync(_position, _end, cancellationToken).ConfigureAwait(false);
                var count = await source.ReadAsync(_part, wanted, cancellationToken).ConfigureAwait(false);
                if (count > 0)
                {
                    _position += count;
                    return count;
                }

                throw new SlaveConnectionException(
                    $"{source.What}: the connection ended at byte {_position} of {_end}.");
            }
            catch (SlaveException exception) when (exception.IsTransient)
            {
                DropConnection();
                if (_spareConnections == 0)
                    throw;
                _spareConnections--;
            }
            catch (OperationCanceledException)
            {
                // Nobody knows what the cancelled read has taken from the connection; another one starts afresh.
                DropConnection();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A slave's file can only be read asynchronously.");

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

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        DropConnection();
        base.Dispose(disposing);
    }

    private void DropConnection()
    {
        _part?.Dispose();
        _part = null;
    }
}
