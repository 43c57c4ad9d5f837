using System.Buffers;
using System.Threading.Channels;
using Buildd.Linux.Systemd;

namespace Buildd.Daemon.Logging;

/// <summary>
/// The daemon's log. Who logs never waits for a disk or a pipe: lines go through a queue to one writer. When it can't keep
/// up the newest lines are dropped, and the log says how many.
/// </summary>
/// <remarks>May be used from any thread. What is in the queue is written when it is disposed of.</remarks>
internal sealed class DaemonLog : ILoggerProvider, IAsyncDisposable
{
    /// <summary>How many entries may wait; some minutes of a busy slave, and a few MB at the worst.</summary>
    internal const int QueueLength = 1024;

    /// <summary>How much is written at a time, in bytes.</summary>
    private const int BatchBytes = 64 * 1024;

    private readonly DaemonLogOptions _options;
    private readonly TimeProvider _time;
    private readonly bool _forJournal;
    private readonly LogTarget _target;
    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Task _writer;
    private int _reopen;
    private long _dropped;
    private long _lost;

    /// <param name="options">Where to, and how.</param>
    /// <param name="forJournal">Whether journald reads standard output: <see cref="JournalOutput"/>. Of no account for a file.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    internal DaemonLog(DaemonLogOptions options, bool forJournal, TimeProvider time)
    {
        _options = options;
        _time = time;
        _target = new LogTarget(options.Path);
        _forJournal = forJournal && !_target.IsFile;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>How much could not be written and has not been told yet, in bytes.</summary>
    internal long LostBytes => Volatile.Read(ref _lost);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Has the writer open the file again. Of standard output nothing is done.</summary>
    internal void Reopen()
    {
        if (!_target.IsFile)
            return;
        Volatile.Write(ref _reopen, 1);
        _queue.Writer.TryWrite([]); // wakes the writer; if the queue is full it is awake
    }

    public void Dispose()
    {
        _queue.Writer.TryComplete();
        // The last lines are to be written before the program ends, and who disposes in this way can't wait otherwise.
        _writer.GetAwaiter().GetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer;
    }

    private void Add(LogEntry entry)
    {
        if (!_queue.Writer.TryWrite(Format(entry)))
            Interlocked.Increment(ref _dropped);
    }

    private byte[] Format(LogEntry entry)
    {
        var output = new ArrayBufferWriter<byte>(256);
        if (_options.Format == DaemonLogFormat.Json)
            LogLine.WriteJson(output, entry, _forJournal);
        else
            LogLine.WriteText(output, entry, _forJournal);
        return output.WrittenSpan.ToArray();
    }

    private byte[] Format(LogLevel level, string message) =>
        Format(new LogEntry(_time.GetLocalNow(), level, typeof(DaemonLog).FullName!, message, [], null));

    private async Task WriteAsync()
    {
        using var target = _target;
        var batch = new ArrayBufferWriter<byte>(BatchBytes);
        while (await _queue.Reader.WaitToReadAsync())
        {
            if (Interlocked.Exchange(ref _reopen, 0) != 0)
                ReopenTarget();
            while (batch.WrittenCount < BatchBytes && _queue.Reader.TryRead(out var line))
                batch.Write(line);
            if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
                batch.Write(
                    Format(LogLevel.Warning, $"{dropped} entries were dropped here: the log could not be written as fast as they came"));
            Write(batch.WrittenSpan);
            batch.ResetWrittenCount();
        }
    }

    private void ReopenTarget()
    {
        try
        {
            _target.Reopen();
            Write(Format(LogLevel.Information, "the log was opened again"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Write(Format(LogLevel.Error, $"the log '{_options.Path}' can't be opened again, so the old file is kept: {e.Message}"));
        }
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty)
            return;
        try
        {
            if (_lost > 0)
            {
                _target.Write(Format(LogLevel.Error, $"{_lost} bytes of the log could not be written here"));
                Volatile.Write(ref _lost, 0);
            }

            _target.Write(lines);
        }
        catch (IOException e)
        {
            // A full disk must not end the slave. Once is enough for whoever sees standard error.
            if (_lost == 0)
                Console.Error.WriteLine($"buildd-slave: the log can't be written: {e.Message}");
            Volatile.Write(ref _lost, _lost + lines.Length);
        }
    }

    private sealed class Logger(DaemonLog log, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var values = state is IReadOnlyList<KeyValuePair<string, object?>> pairs
                ? pairs.Where(pair => pair.Key != "{OriginalFormat}").ToList()
                : [];
            log.Add(new LogEntry(log._time.GetLocalNow(), logLevel, source, formatter(state, exception), values, exception?.ToString()));
        }
    }
}
