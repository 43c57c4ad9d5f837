using System.Globalization;
using System.Text;
using Buildd.Protocol.Secrets;

namespace Buildd.Slave.Logs;

/// <summary>
/// The log of the current or last build: one file in the file cache, written by the build, read by <c>status</c> (its
/// tail) and by everybody over HTTP while it grows.
/// </summary>
/// <remarks>
/// Safe to use from any thread. Each write is one piece: two writers' pieces never mix. Secrets are taken out before anything
/// reaches the disk; what may be the beginning of one is held back, and nothing else, so that all other that was logged is on
/// the disk when the process dies. Reading never waits for a writer.
/// </remarks>
public sealed class BuildLog : IDisposable
{
    /// <summary>What <c>status</c> sends of the log; the reference's figure.</summary>
    public const int TailBytes = 2048;

    /// <summary>How much is sanitised at a time; memory is taken for this much.</summary>
    private const int PieceBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly LogFile _file;
    private readonly LogSanitiser _sanitiser;
    private byte _last;
    private long _lastWrite;
    private volatile bool _isClosed;
    private bool _isDisposed;
    private volatile IOException? _failure;
    private TaskCompletionSource? _changed; // there while somebody waits

    /// <summary>Makes the log on its file, and owns that.</summary>
    internal BuildLog(LogFile file, IEnumerable<ReadOnlyMemory<byte>> secrets, TimeProvider time)
    {
        _time = time;
        _lastWrite = time.GetTimestamp();
        _file = file;
        _sanitiser = new LogSanitiser(secrets);
        var last = ReadEnd(1).Span;
        _last = last.IsEmpty ? (byte)'\n' : last[0];
    }

    /// <summary>How many bytes have been written. Secrets count as what stands for them, and not while they are held back.</summary>
    public long Length => _file.Length;

    /// <summary>How long nobody has written anything, not even what would be held back.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastWrite));

    /// <summary>
    /// Why the log is not whole: the disk was full or broken. Null when all was written. What comes after the failure is
    /// dropped, so that a build still cleans up after itself; it ends as a failure of the builder.
    /// </summary>
    internal IOException? Failure => _failure;

    /// <summary>Whether the log has been closed: it gets no longer.</summary>
    internal bool IsClosed => _isClosed;

    /// <summary>Adds bytes as they are, but for secrets.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;

        Volatile.Write(ref _lastWrite, _time.GetTimestamp());
        lock (_lock)
        {
            if (_isClosed || _failure is not null)
                return; // closed: what a stray process says after the build has ended is nobody's
            _last = bytes[^1];
            try
            {
                for (; !bytes.IsEmpty; bytes = bytes[Math.Min(PieceBytes, bytes.Length)..])
                    _file.Append(_sanitiser.Process(bytes[..Math.Min(PieceBytes, bytes.Length)]));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failure = e as IOException ?? new IOException(e.Message, e);
            }
        }

        TellOfChange();
    }

    /// <summary>Adds a line of the slave's own, on a line of its own whatever came before.</summary>
    /// <remarks>Differs: some of the reference's messages have no line end and glue to what follows.</remarks>
    public void WriteLine(string text)
    {
        lock (_lock)
            Write(Encoding.UTF8.GetBytes((_last == (byte)'\n' ? "" : "\n") + text + "\n"));
    }

    /// <summary>Adds the two lines that stand above a step: when it began and what is run.</summary>
    public void WriteStep(string command)
    {
        lock (_lock) // so that times follow each other in the log
        {
            // The C library's asctime: the day of the month padded with a blank.
            var now = _time.GetLocalNow();
            WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{now:ddd MMM} {now.Day,2} {now:HH:mm:ss yyyy}]\nRUN: {command}"));
        }
    }

    /// <summary>The last <see cref="TailBytes"/> bytes, cut wherever that falls; none after <see cref="Dispose"/>.</summary>
    internal ReadOnlyMemory<byte> ReadTail() => ReadEnd(TailBytes);

    /// <summary>
    /// Ends the log: what was held back is written, and what is written afterwards is dropped. It can still be read. When the
    /// disk was full and has room again, a last line says so.
    /// </summary>
    internal void Close()
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            try
            {
                _file.Append(_failure is null
                    ? _sanitiser.Process([], isLast: true)
                    : Encoding.UTF8.GetBytes($"\n[the log is not whole, it could not be written further: {_failure.Message}]\n"));
                _file.Close();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failure ??= e as IOException ?? new IOException(e.Message, e);
            }
        }

        TellOfChange();
    }

    /// <summary>Closes the log and the file; readers that have been begun may finish.</summary>
    public void Dispose()
    {
        Close();
        if (!Interlocked.Exchange(ref _isDisposed, true))
            _file.Dispose();
    }

    /// <summary>Begins to read, from any thread and for any time.</summary>
    /// <returns>Null when the log has been disposed.</returns>
    internal LogReader? Follow() => !Volatile.Read(ref _isDisposed) && _file.TryShare() ? new LogReader(this, _file) : null;

    /// <summary>Ends when the log gets longer or is closed. Whoever asks looks afterwards whether that has happened already.</summary>
    internal Task NextChangeAsync()
    {
        while (true)
        {
            if (Volatile.Read(ref _changed) is { } waiting)
                return waiting.Task;
            var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Interlocked.CompareExchange(ref _changed, mine, null) is null)
                return mine.Task;
        }
    }

    private void TellOfChange() => Interlocked.Exchange(ref _changed, null)?.TrySetResult();

    private ReadOnlyMemory<byte> ReadEnd(int bytes)
    {
        var length = _file.Length;
        var buffer = new byte[Math.Min(bytes, length)];
        var (offset, filled) = (length - buffer.Length, 0);
        while (filled < buffer.Length && _file.Read(ref offset, buffer.AsSpan(filled)) is > 0 and var count)
        {
            filled += count;
            offset += count;
        }

        return buffer.AsMemory(0, filled);
    }
}
