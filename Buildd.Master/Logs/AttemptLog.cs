using System.Globalization;
using System.Text;
using Buildd.Protocol.Secrets;

namespace Buildd.Master.Logs;

/// <summary>
/// Writes the log of one attempt, sanitised before it touches the disk, and remembers how far it has come: a master that was
/// killed goes on from there.
/// </summary>
/// <remarks>
/// Beside the log stands a mark: how many bytes of the slave's log are in the first so many bytes of ours. It is made only
/// where the sanitiser is at rest, after these bytes were flushed to the disk. What is beyond it after a restart is
/// thrown away and read again. For one thread at a time.
/// </remarks>
internal sealed class AttemptLog : IDisposable
{
    /// <summary>How much is read again after a restart at the most, unless the sanitiser is never at rest.</summary>
    private const long MarkEveryBytes = 1 << 20;

    private readonly string _path;
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _secrets;
    private readonly long _maxBytes;
    private readonly Func<long>? _room;
    private readonly FileStream _file;
    private LogSanitiser _sanitiser;
    private long _marked;
    private bool _full;

    private AttemptLog(string path, IReadOnlyList<ReadOnlyMemory<byte>> secrets, long maxBytes, Func<long>? room)
    {
        _path = path;
        _secrets = secrets;
        _maxBytes = maxBytes;
        _room = room;
        _sanitiser = new LogSanitiser(secrets);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
    }

    /// <summary>How many bytes of the slave's log have been taken.</summary>
    public long Offset { get; private set; }

    /// <summary>How many bytes are in our log.</summary>
    public long Length => _file.Length;

    public static string MarkPath(string path) => path + ".mark";

    /// <summary>Opens it where the last writer left off.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="secrets">What must not be in it.</param>
    /// <param name="maxBytes">How long it may become.</param>
    /// <param name="room">How many bytes the disk has room for; null when that does not matter.</param>
    public static AttemptLog Open(string path, IReadOnlyList<ReadOnlyMemory<byte>> secrets, long maxBytes, Func<long>? room = null)
    {
        var log = new AttemptLog(path, secrets, maxBytes, room);
        try
        {
            var (offset, length) = ReadMark(path);
            if (log._file.Length < length)
                (offset, length) = (0, 0); // the disk lost what the mark speaks of
            log._file.SetLength(length);
            log._file.Position = length;
            log.Offset = log._marked = offset;
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next bytes of the slave's log.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Write(_sanitiser.Process(bytes));
        Offset += bytes.Length;
        if (Offset - _marked >= MarkEveryBytes)
            Mark();
    }

    /// <summary>
    /// Takes bytes of which nobody knows where in the slave's log they are; <paramref name="gap"/> when some are missing before.
    /// </summary>
    public void AppendLoose(ReadOnlySpan<byte> bytes, bool gap)
    {
        if (gap)
            Write("\n[some of the log is missing here]\n"u8);
        Write(_sanitiser.Process(bytes));
    }

    /// <summary>The slave's log has begun anew.</summary>
    public void Restart()
    {
        File.Delete(MarkPath(_path));
        _file.SetLength(0);
        _sanitiser = new LogSanitiser(_secrets);
        (Offset, _marked, _full) = (0, 0, false);
    }

    /// <summary>What has come is complete: nothing is held back any more, and all is on the disk.</summary>
    public void Complete()
    {
        Write(_sanitiser.Process([], isLast: true));
        _sanitiser = new LogSanitiser(_secrets);
        Mark();
    }

    /// <summary>Makes a mark where that can be done.</summary>
    public void Mark()
    {
        if (!_sanitiser.IsAtRest || Offset == _marked)
            return;
        _file.Flush(flushToDisk: true);
        var mark = MarkPath(_path);
        File.WriteAllText(mark + ".part", string.Create(CultureInfo.InvariantCulture, $"{Offset} {_file.Length}\n"), Encoding.ASCII);
        File.Move(mark + ".part", mark, overwrite: true);
        _marked = Offset;
    }

    public void Dispose() => _file.Dispose();

    private static (long Offset, long Length) ReadMark(string path)
    {
        var mark = MarkPath(path);
        if (!File.Exists(mark))
            return (0, 0);
        // What can't be read was cut off by a crash of the machine: all is read again.
        return File.ReadAllText(mark).Split(' ', '\n') is [var offset, var length, ""]
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            ? (from, to)
            : (0, 0);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_full || bytes.IsEmpty)
            return;
        var (length, free) = (_maxBytes - _file.Length, _room?.Invoke() ?? long.MaxValue);
        if (bytes.Length > Math.Min(length, free))
        {
            _full = true;
            _file.Write(bytes[..(int)Math.Max(0, Math.Min(length, free))]);
            bytes = free < length ? LogStore.NoRoom.Span : Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"\n[the log has more than {_maxBytes} bytes: the rest is not kept]\n"));
        }

        _file.Write(bytes);
    }
}
