using System.Globalization;
using System.Text;

namespace Buildd.Slave.Logs;

/// <summary>
/// The log of the current or last build: one file in the file cache, written by the build, read by <c>status</c> (its
/// tail) and by everybody over HTTP while it grows.
/// </summary>
/// <remarks>
/// Safe to use from any thread. Each write is one piece: two writers' pieces never mix. Nothing is buffered, so what was
/// logged is on the disk when the process dies.
/// </remarks>
public sealed class BuildLog : IDisposable
{
    /// <summary>What <c>status</c> sends of the log; the reference's figure.</summary>
    public const int TailBytes = 2048;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _file;
    private long _length;
    private byte _last = (byte)'\n';

    /// <summary>Starts an empty log, in place of one that was there.</summary>
    internal BuildLog(string path, TimeProvider time)
        : this(path, FileMode.CreateNew, time)
    {
    }

    private BuildLog(string path, FileMode mode, TimeProvider time)
    {
        _time = time;
        // A new file rather than an emptied one: whoever still reads the last build's log reads that to its end.
        if (mode == FileMode.CreateNew)
            File.Delete(path);
        _file = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _length = RandomAccess.GetLength(_file);
        var last = new byte[1];
        if (_length > 0 && RandomAccess.Read(_file, last, _length - 1) == 1)
            _last = last[0];
    }

    /// <summary>Goes on with a log that an earlier slave began; an empty one if it is gone.</summary>
    internal static BuildLog GoOn(string path, TimeProvider time) => new(path, FileMode.OpenOrCreate, time);

    /// <summary>How many bytes have been written.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
                return _length;
        }
    }

    /// <summary>
    /// Why the log is not whole: the disk was full or broken. Null when all was written. What comes after the failure is
    /// dropped, so that a build still cleans up after itself; it ends as a failure of the builder.
    /// </summary>
    public IOException? Failure { get; private set; }

    /// <summary>Adds bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;

        lock (_lock)
        {
            if (_file.IsClosed || Failure is not null)
                return; // closed: what a stray process says after the build has ended is nobody's
            try
            {
                RandomAccess.Write(_file, bytes, _length);
                _length += bytes.Length;
                _last = bytes[^1];
            }
            catch (IOException e)
            {
                Failure = e;
            }
        }
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
        // The C library's asctime: the day of the month padded with a blank.
        var now = _time.GetLocalNow();
        WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{now:ddd MMM} {now.Day,2} {now:HH:mm:ss yyyy}]\nRUN: {command}"));
    }

    /// <summary>The last <see cref="TailBytes"/> bytes, cut wherever that falls.</summary>
    public ReadOnlyMemory<byte> ReadTail()
    {
        lock (_lock)
        {
            if (_file.IsClosed)
                return ReadOnlyMemory<byte>.Empty;
            var buffer = new byte[Math.Min(TailBytes, _length)];
            var count = RandomAccess.Read(_file, buffer, _length - buffer.Length);
            return buffer.AsMemory(0, count);
        }
    }

    /// <summary>Closes the file; what is written afterwards is dropped.</summary>
    public void Dispose()
    {
        lock (_lock)
            _file.Dispose();
    }
}
