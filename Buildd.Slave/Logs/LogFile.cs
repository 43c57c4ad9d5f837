using System.Globalization;
using System.Text;
using Buildd.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Slave.Logs;

/// <summary>
/// The bytes of a build log on the disk: all of them, or as many as the options allow. Then the file holds the beginning
/// (the head), and the last bytes go round in two files of their own until the log is closed, which appends them to the head.
/// </summary>
/// <remarks>
/// One thread at a time adds and closes. Any thread reads meanwhile, without waiting for the one that adds: even a write that
/// hangs on a broken disk holds up no reader. Offsets count all bytes that were added, also those that are not kept any more.
/// <para>
/// The two files are called <c>buildlog-tail-H-S</c>: H is the length of the head and S the offset of their first byte, so
/// that whoever comes after a crash can go on with nothing but the files.
/// </para>
/// </remarks>
internal sealed class LogFile : IDisposable
{
    /// <summary>How much of the end of a long log is kept at most, in bytes.</summary>
    internal const int MaxTailBytes = 8 * 1024 * 1024;

    private const string TailPrefix = "buildlog-tail-";

    /// <summary>Room for our own lines about what is missing.</summary>
    private const int NoteBytes = 512;

    /// <summary>How far the first whole line of the tail is looked for.</summary>
    private const int LineSearchBytes = 4096;

    private const int CopyBytes = 64 * 1024;

    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    private readonly Lock _lock = new();
    private readonly string _tailDirectory;
    private readonly long _headBytes;
    private readonly long _segmentBytes;
    private volatile Region[] _regions; // the head, then what is kept of the tail, oldest first; replaced whole
    private long _length;
    private int _users = 1; // who was given the file and has not let go of it

    private LogFile(string tailDirectory, BuildLogOptions options, SafeFileHandle head)
    {
        _tailDirectory = tailDirectory;
        (_headBytes, _segmentBytes) = (long.MaxValue, long.MaxValue);
        if (options.MaxBytes > 0)
        {
            var tail = Math.Min(MaxTailBytes, options.MaxBytes / 2);
            (_headBytes, _segmentBytes) = (options.MaxBytes - tail - NoteBytes, tail / 2);
        }

        _regions = [new Region(0, _headBytes, head, 0, null)];
    }

    /// <summary>How many bytes were added so far.</summary>
    internal long Length => Volatile.Read(ref _length);

    /// <summary>Begins an empty log, in place of one that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tailDirectory">A folder that is not served, where the end of a long log is kept meanwhile.</param>
    /// <param name="options">How much is kept.</param>
    /// <exception cref="IOException">It can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be made.</exception>
    internal static LogFile Create(string path, string tailDirectory, BuildLogOptions options)
    {
        foreach (var left in FindTail(tailDirectory))
            File.Delete(left.Path);
        // A new file rather than an emptied one: whoever still reads the last build's log reads that to its end.
        File.Delete(path);
        return new LogFile(tailDirectory, options, OpenNew(path));
    }

    /// <summary>Goes on with a log that an earlier slave began, with the end that it kept; with an empty one if it is gone.</summary>
    /// <inheritdoc cref="Create"/>
    internal static LogFile GoOn(string path, string tailDirectory, BuildLogOptions options)
    {
        var head = File.Exists(path) ? Open(path) : OpenNew(path);
        File.SetUnixFileMode(head, UnixFile.ClosedMode);
        var file = new LogFile(tailDirectory, options, head);
        var length = RandomAccess.GetLength(head);
        var regions = new List<Region>();
        foreach (var (name, headLength, start) in FindTail(tailDirectory))
        {
            if (headLength > length || (regions.Count > 0 && headLength != regions[0].End))
            {
                File.Delete(name); // of another log
                continue;
            }

            if (regions.Count == 0)
                regions.Add(new Region(0, headLength, head, 0, null));
            else if (regions.Count > 1)
                regions[^1] = regions[^1] with { End = regions[^1].Start + RandomAccess.GetLength(regions[^1].File) };
            var handle = Open(name);
            regions.Add(new Region(start, Math.Max(start + file._segmentBytes, start + RandomAccess.GetLength(handle)), handle, 0, name));
        }

        if (regions.Count > 1)
        {
            // A closing that was cut short may have appended some of it already.
            RandomAccess.SetLength(head, regions[0].End);
            (file._regions, file._length) = ([.. regions], regions[^1].Start + RandomAccess.GetLength(regions[^1].File));
        }
        else
        {
            // A log that was closed may be longer than a head: it gets room for some lines more.
            file._regions =
                [file._regions[0] with { End = Math.Max(file._headBytes,
                    length > long.MaxValue - CopyBytes ? length : length + CopyBytes) }];
            file._length = length;
        }

        return file;
    }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="IOException">
    /// They could not be written. What was added before is there, and no part of a piece after it.
    /// </exception>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var region = _regions[^1];
            var count = (int)Math.Min(bytes.Length, region.End - _length);
            if (count <= 0)
            {
                GoRound();
                continue;
            }

            Write(region, _length, bytes[..count]);
            Volatile.Write(ref _length, _length + count); // after the bytes are there: readers look at it first
            bytes = bytes[count..];
        }
    }

    /// <summary>Reads from an offset on; from any thread.</summary>
    /// <param name="offset">Where to read. When what was there is not kept any more, it is moved on to what is.</param>
    /// <param name="buffer">Takes the bytes.</param>
    /// <returns>How many bytes there were; 0 at the end, and when the log has been let go.</returns>
    internal int Read(ref long offset, Span<byte> buffer)
    {
        while (true)
        {
            // In this order: a length of before these regions may end before one of them begins.
            var regions = _regions;
            var length = Length;
            try
            {
                foreach (var region in regions)
                {
                    var end = Math.Min(region.End, length);
                    if (offset >= end)
                        continue;
                    var start = Math.Max(offset, region.Start);
                    var count = RandomAccess.Read(
                        region.File, buffer[..(int)Math.Min(buffer.Length, end - start)], region.FileOffset + start - region.Start);
                    offset = start;
                    return count;
                }

                if (offset >= length || regions == _regions)
                    return 0;
            }
            catch (ObjectDisposedException)
            {
                if (_regions[0].File.IsClosed)
                    return 0;
                // The oldest part of the tail was dropped just now: what took its place is there already.
            }
        }
    }

    /// <summary>Puts the end of a long log behind its beginning. Nothing is added afterwards.</summary>
    /// <exception cref="IOException">It could not be written; the end stays in its own files.</exception>
    internal void Close()
    {
        if (_regions is not [var head, var first, ..])
            return;

        var start = first.Start + (first.Start > head.End ? FirstLine(first) : 0);
        var note = Encoding.UTF8.GetBytes($"[{start - head.End} bytes of the log are missing here]\n");
        Write(head, head.End, note);

        var kept = new Region(start, Length, head.File, head.End + note.Length, null);
        var buffer = new byte[CopyBytes];
        for (var offset = start; Read(ref offset, buffer) is > 0 and var count; offset += count)
            Write(kept, offset, buffer.AsSpan(0, count));

        var tail = _regions[1..];
        _regions = [head, kept];
        Array.ForEach(tail, Drop);
    }

    /// <summary>Keeps the file open for one more reader, who lets go with <see cref="Dispose"/>.</summary>
    /// <returns>False when it has been let go by all.</returns>
    internal bool TryShare()
    {
        lock (_lock)
        {
            if (_users == 0)
                return false;
            _users++;
            return true;
        }
    }

    /// <summary>Lets go of the file; the last one who does closes it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_users == 0 || --_users > 0)
                return;
        }

        foreach (var region in _regions)
            region.File.Dispose();
    }

    /// <summary>The last file of the log is full: goes on in a new one, and drops the last but one of the tail.</summary>
    private void GoRound()
    {
        var regions = _regions;
        if (regions.Length == 1)
        {
            var note = Encoding.UTF8.GetBytes($"\n[the log has {_length} bytes: of what follows only the end is kept]\n");
            Write(regions[0], _length, note);
            _regions = regions = [regions[0] with { End = _length + note.Length }];
            Volatile.Write(ref _length, regions[0].End);
        }

        var path = Path.Combine(_tailDirectory, string.Create(CultureInfo.InvariantCulture, $"{TailPrefix}{regions[0].End}-{_length}"));
        var file = OpenNew(path);
        _regions = [regions[0], .. regions[1..].TakeLast(1), new Region(_length, _length + _segmentBytes, file, 0, path)];
        Array.ForEach(regions[1..^Math.Min(1, regions.Length - 1)], Drop);
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, ShareAll);

    /// <summary>What a build says is for its master, and may be private.</summary>
    private static SafeFileHandle OpenNew(string path)
    {
        UnixFile.MakeClosed(path);
        return Open(path);
    }

    private static void Drop(Region region)
    {
        region.File.Dispose();
        File.Delete(region.Path!);
    }

    /// <exception cref="IOException">It could not be written; the file has been cut off where the piece would have begun.</exception>
    private static void Write(Region region, long offset, ReadOnlySpan<byte> bytes)
    {
        var place = region.FileOffset + offset - region.Start;
        try
        {
            RandomAccess.Write(region.File, bytes, place);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(region.File, place);
            throw;
        }
    }

    /// <summary>How many bytes into a region its first whole line begins; 0 when it has none soon.</summary>
    private static int FirstLine(Region region)
    {
        var buffer = new byte[LineSearchBytes];
        var count = RandomAccess.Read(region.File, buffer, 0);
        return buffer.AsSpan(0, count).IndexOf((byte)'\n') + 1;
    }

    /// <summary>The files of a tail, oldest first.</summary>
    private static IEnumerable<(string Path, long HeadLength, long Start)> FindTail(string directory) =>
        from path in Directory.GetFiles(directory, TailPrefix + "*")
        let numbers = Path.GetFileName(path)[TailPrefix.Length..].Split('-')
        where numbers.Length == 2
        let start = long.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1
        where start >= 0 && long.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out _)
        orderby start
        select (path, long.Parse(numbers[0], CultureInfo.InvariantCulture), start);

    /// <summary>A part of the log, and where it lies.</summary>
    /// <param name="Start">The offset of its first byte.</param>
    /// <param name="End">The offset behind its last byte; of the region that is written, behind the last that it can take.</param>
    /// <param name="File">The file.</param>
    /// <param name="FileOffset">Where in the file the region begins.</param>
    /// <param name="Path">The file's path where it is only for the tail.</param>
    private sealed record Region(long Start, long End, SafeFileHandle File, long FileOffset, string? Path);
}
