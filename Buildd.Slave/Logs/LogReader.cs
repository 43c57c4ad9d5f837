namespace Buildd.Slave.Logs;

/// <summary>
/// Reads one log at its own pace, from the disk, while it grows and after it was closed or removed. For one thread at a time.
/// </summary>
internal sealed class LogReader(BuildLog log, LogFile file) : IDisposable
{
    private bool _isDisposed;

    /// <summary>Where the next byte is read, counted in all bytes of the log.</summary>
    internal long Offset { get; set; }

    /// <summary>How many bytes were left out by the last <see cref="Read"/>, because they are not kept any more.</summary>
    internal long Missed { get; private set; }

    /// <summary>How long the log is by now.</summary>
    internal long Length => file.Length;

    /// <summary>Whether the log gets no longer. What is there may still have to be read.</summary>
    internal bool IsClosed => log.IsClosed;

    /// <summary>Reads on. <see cref="Offset"/> stays where the bytes begin; the caller moves it by as many as it used.</summary>
    /// <returns>How many bytes, as many as there are room and data for; 0 when all that is there has been read.</returns>
    internal int Read(Span<byte> buffer)
    {
        var offset = Offset;
        var count = file.Read(ref offset, buffer);
        (Missed, Offset) = (offset - Offset, offset);
        while (count > 0 && count < buffer.Length)
        {
            // The next part of the log may lie in another file.
            var next = offset + count;
            var more = file.Read(ref next, buffer[count..]);
            if (more == 0 || next != offset + count)
                break;
            count += more;
        }

        return count;
    }

    /// <summary>The same beside the caller's thread, which a slow disk would hold up.</summary>
    internal Task<int> ReadAsync(Memory<byte> buffer) => Task.Run(() => Read(buffer.Span));

    /// <inheritdoc cref="BuildLog.NextChangeAsync"/>
    internal Task NextChangeAsync() => log.NextChangeAsync();

    public void Dispose()
    {
        if (!_isDisposed)
            file.Dispose();
        _isDisposed = true;
    }
}
