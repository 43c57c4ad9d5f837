using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Buildd.Protocol;

namespace Buildd.Master.Results;

/// <summary>
/// Sums up what passes, and writes it, piece by piece, so that memory doesn't depend on its length. While one piece is summed up,
/// each sum on a thread of its own, and written, the next is read, and what was written goes on to the disk. For one user at a time.
/// </summary>
internal sealed class Passage : IDisposable
{
    /// <summary>
    /// The size of a piece, of which there are two: large enough that neither system calls nor the change of threads count.
    /// </summary>
    internal const int PieceBytes = 512 * 1024;

    /// <summary>Below it threads cost more than they gain.</summary>
    private const int LeastForThreads = 64 * 1024;

    /// <summary>How much is written before the disk is told to begin: the rest is what is waited for at the end.</summary>
    private const int FlushBytes = 32 << 20;

    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Task _flushing = Task.CompletedTask;
    private long _unflushed;

    /// <summary>Passes a stream on to its end.</summary>
    /// <param name="source">What to read.</param>
    /// <param name="atMost">After how many bytes to end before that.</param>
    /// <param name="target">What to write to; null only sums up.</param>
    /// <param name="passed">Told of each piece that was written.</param>
    /// <param name="cancellationToken">Ends it; what was written is the beginning of the stream.</param>
    /// <returns>How many bytes passed. They are not on the disk yet.</returns>
    /// <remarks>What came before the reading failed is written all the same: it can be gone on with.</remarks>
    public async Task<long> PassAsync(
        Stream source, long atMost, FileStream? target, Action<int>? passed, CancellationToken cancellationToken)
    {
        var size = (int)Math.Clamp(atMost, 1, PieceBytes);
        var (piece, other) = (ArrayPool<byte>.Shared.Rent(size), ArrayPool<byte>.Shared.Rent(size));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var next = FillAsync(source, piece.AsMemory(0, (int)Math.Min(size, atMost)), stop.Token);
        try
        {
            var total = 0L;
            while (true)
            {
                var (count, failure) = await next.ConfigureAwait(false);
                total += count;
                var isLast = failure is not null || count == 0 || total >= atMost;
                if (!isLast)
                    next = FillAsync(source, other.AsMemory(0, (int)Math.Min(size, atMost - total)), stop.Token);
                if (count > 0)
                    await TakeAsync(piece.AsMemory(0, count), target, cancellationToken).ConfigureAwait(false);
                passed?.Invoke(count);
                failure?.Throw();
                if (isLast)
                {
                    await _flushing.ConfigureAwait(false); // a failure of the disk is told once, and not again at the end
                    return total;
                }

                (piece, other) = (other, piece);
            }
        }
        finally
        {
            // Nobody may get the pieces, or close the files, while something still works on them.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _flushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(piece);
            ArrayPool<byte>.Shared.Return(other);
        }
    }

    /// <summary>The sums of all that passed, in lower-case hexadecimal; they begin anew.</summary>
    public (Sha1 Sha1, string Sha256) TakeSums() =>
        (new Sha1(_sha1.GetHashAndReset()), Convert.ToHexStringLower(_sha256.GetHashAndReset()));

    public void Dispose()
    {
        _sha1.Dispose();
        _sha256.Dispose();
    }

    /// <summary>
    /// Reads until the piece is full or the stream has ended. A failure of the stream is not thrown: what came before it is worth
    /// something.
    /// </summary>
    private static async Task<(
        int Count, ExceptionDispatchInfo? Failure)> FillAsync(Stream source, Memory<byte> piece, CancellationToken cancellationToken)
    {
        var count = 0;
        try
        {
            for (
                int read; count < piece.Length
                    && (read = await source.ReadAsync(piece[count..], cancellationToken).ConfigureAwait(false)) > 0;)
                count += read;
            return (count, null);
        }
        catch (Exception exception) when (Trouble.IsExpected(exception))
        {
            return (count, ExceptionDispatchInfo.Capture(exception));
        }
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> piece, FileStream? target, CancellationToken cancellationToken)
    {
        if (piece.Length < LeastForThreads)
        {
            _sha1.AppendData(piece.Span);
            _sha256.AppendData(piece.Span);
            if (target is not null)
                await target.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            return;
        }

        var sha1 = Task.Run(() => _sha1.AppendData(piece.Span), CancellationToken.None);
        var sha256 = Task.Run(() => _sha256.AppendData(piece.Span), CancellationToken.None);
        await Task.WhenAll(sha1, sha256, WriteAsync(piece, target, cancellationToken)).ConfigureAwait(false);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> piece, FileStream? target, CancellationToken cancellationToken)
    {
        if (target is null)
            return;
        await target.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
        _unflushed += piece.Length;
        if (_unflushed < FlushBytes || !_flushing.IsCompleted)
            return;
        await _flushing.ConfigureAwait(false); // a disk that fails is told of now
        _unflushed = 0;
        var handle = target.SafeFileHandle;
        _flushing = Task.Run(() => RandomAccess.FlushToDisk(handle), CancellationToken.None);
    }
}
