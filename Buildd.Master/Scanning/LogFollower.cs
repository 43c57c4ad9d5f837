using System.Buffers;
using System.Runtime.CompilerServices;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// Follows the log of a running build: reads on from where it stopped in the slave's file, which reference slaves serve
/// too. Where the file isn't served, it makes do with the log's end in the status. One follower follows one build.
/// </summary>
/// <remarks>
/// Trouble with the log is never trouble with the build: it is logged, and the next call tries again from where the
/// last one got to.
/// </remarks>
/// <param name="slave">The slave.</param>
/// <param name="logger">The master's diagnostics.</param>
/// <param name="offset">How much of the slave's log is known already, in bytes.</param>
internal sealed class LogFollower(ISlaveClient slave, ILogger logger, long offset = 0)
{
    private const int PieceBytes = 32 * 1024;

    private readonly LogTail _tail = new();
    private long _offset = offset;
    private bool _notServed;

    /// <summary>Why the last call could not read all there is; null when it could, or when the slave has no such file.</summary>
    public SlaveException? Failure { get; private set; }

    /// <summary>What was logged since the last call, up to now.</summary>
    /// <param name="status">The slave's latest status.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<BuildEvent> FollowAsync(
        StatusReply status, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Failure = null;
        var file = _tail.HasBegun ? null : await TryOpenAsync(cancellationToken).ConfigureAwait(false);
        if (file is not null)
        {
            await using (file.ConfigureAwait(false))
            {
                if (file.Offset < _offset)
                {
                    _offset = file.Offset;
                    yield return new LogRestarted();
                }

                while (await TryReadAsync(file, cancellationToken).ConfigureAwait(false) is { IsEmpty: false } bytes)
                {
                    var offset = _offset;
                    _offset += bytes.Length;
                    yield return new LogGrew { Bytes = bytes, Offset = offset };
                }
            }
        }

        // Only once it is certain that the file isn't served: after the first bytes of the one way it stays that way.
        if (_offset == 0 && _notServed && status.LogTail is { } tail && _tail.Update(tail) is { } grew)
            yield return grew;
    }

    /// <summary>The log from where we are; from its beginning if it has become shorter than that; or null.</summary>
    private async Task<SlaveFile?> TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            var file = await OpenAsync(cancellationToken).ConfigureAwait(false);
            _notServed = false;
            return file;
        }
        catch (SlaveFileNotFoundException)
        {
            _notServed = true;
            return null;
        }
        catch (SlaveException exception)
        {
            Failure = exception;
            logger.LogLogNotRead(exception, slave.Url);
            return null;
        }
    }

    private async Task<SlaveFile> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await slave.OpenFileAsync(WireNames.BuildLog, _offset, cancellationToken).ConfigureAwait(false);
        }
        catch (SlaveProtocolException) when (_offset > 0)
        {
            // One of the reasons is a file that has no such offset, which only the whole file tells for certain.
            var file = await slave.OpenFileAsync(WireNames.BuildLog, 0, cancellationToken).ConfigureAwait(false);
            if (file.TotalLength < _offset)
                return file;
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<ReadOnlyMemory<byte>?> TryReadAsync(SlaveFile file, CancellationToken cancellationToken)
    {
        // Thousands of builds are followed, of which few have something to read at a time.
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var read = await file.Content.ReadAsync(buffer.AsMemory(0, PieceBytes), cancellationToken).ConfigureAwait(false);
            var bytes = buffer.AsSpan(0, read).ToArray();
            ArrayPool<byte>.Shared.Return(buffer); // not after a failure: who knows who still writes to it
            return bytes;
        }
        catch (SlaveException exception)
        {
            Failure = exception;
            logger.LogLogNotRead(exception, slave.Url);
            return null;
        }
    }
}
