using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Logs;

/// <summary>
/// The logs of all builds, a folder of files: <c>COOKIE/ATTEMPT.log</c> while a build runs, and <c>COOKIE/ATTEMPT/NAME.gz</c>
/// when it has ended; <c>.pending/</c> names those that are yet to be gzipped. Any thread may call; of one attempt's log one writer at
/// a time.
/// </summary>
public sealed class LogStore
{
    /// <summary>The end of a log for the rest of which there was no room.</summary>
    internal static readonly ReadOnlyMemory<byte> NoRoom = "\n[the farm's disk has no room for more: the rest is not kept]\n"u8.ToArray();

    private const int PieceBytes = 64 * 1024;

    /// <summary>Nothing, gzipped (RFC 1952): the framework writes no byte for it, which gzip takes for a file that was cut off.</summary>
    private static readonly ReadOnlyMemory<byte> EmptyMember =
        new byte[] { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

    /// <summary>A longer log is gzipped when its builder is free: this takes hundredths of a second, a gigabyte half a minute.</summary>
    private const long MaxBytesAtOnce = 1 << 20;

    private readonly long _spareBytes;
    private readonly Func<long> _freeBytes;

    /// <summary>Makes one, for reading; nothing is made on the disk.</summary>
    /// <param name="folder">The folder; made when missing.</param>
    public LogStore(string folder) : this(folder, 0, () => long.MaxValue)
    {
    }

    /// <param name="folder">The folder; made when missing.</param>
    /// <param name="spareBytes">How many bytes logs leave free on its disk.</param>
    /// <param name="freeBytes">How many bytes the disk has free.</param>
    internal LogStore(string folder, long spareBytes, Func<long> freeBytes)
    {
        Folder = Path.GetFullPath(folder);
        _spareBytes = spareBytes;
        _freeBytes = freeBytes;
    }

    /// <summary>The folder.</summary>
    internal string Folder { get; }

    /// <summary>The bytes that there is room for in logs of builds that run; below zero when others have taken it.</summary>
    internal long Room => _freeBytes() - _spareBytes;

    /// <summary>
    /// The same for what is packed at a build's end: it must not keep the build from ending, and the unpacked log goes after it.
    /// </summary>
    private long RoomToPack => _freeBytes() - (_spareBytes / 2);

    /// <summary>Called when a log was only noted to be gzipped.</summary>
    internal Action? Postponed { get; set; }

    /// <summary>The notes of what is to be gzipped. No cookie begins with a dot.</summary>
    private string PendingFolder => Path.Combine(Folder, ".pending");

    /// <summary>The log of a build that runs, as far as it has come here, without its secrets; null when there is none.</summary>
    /// <returns>It, to be disposed of by the caller; who reads to its end may find more there later.</returns>
    public Stream? OpenRunning(Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return OpenIfThere(RunningPath(build));
    }

    /// <summary>The log of the last attempt that has ended, unpacked; null when there is none.</summary>
    /// <returns>It, to be disposed of by the caller.</returns>
    public Stream? OpenStored(Build build) => StoredPath(build) is { } path && OpenIfThere(path) is { } packed
        ? new GZipStream(packed, CompressionMode.Decompress)
        : null;

    /// <summary>
    /// The length of the log of the last attempt that has ended, unpacked, in bytes modulo 2 to the power of 32, as gzip keeps it; null
    /// when there is none. It costs the same for any log.
    /// </summary>
    public uint? StoredLength(Build build)
    {
        const int LengthBytes = sizeof(uint);
        if (StoredPath(build) is not { } path)
            return null;
        try
        {
            using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            Span<byte> length = stackalloc byte[LengthBytes];
            var size = RandomAccess.GetLength(file);
            return size >= LengthBytes && RandomAccess.Read(file, length, size - LengthBytes) == LengthBytes
                ? BinaryPrimitives.ReadUInt32LittleEndian(length) // RFC 1952, ISIZE; we write one member
                : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Where the log of the last attempt that has ended is, gzipped; null when the build has none.</summary>
    public string? StoredPath(Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return build.LogName is { } name ? Path.Combine(AttemptFolder(build), FileName.Check(name)) : null;
    }

    internal string RunningPath(Build build) => AttemptFolder(build) + ".log";

    /// <summary>
    /// Stores the complete log of an attempt that has ended under a name: gzips it, and removes what was kept while it ran. A large one
    /// is only noted to be gzipped, lest a builder is kept waiting; it is as certainly on the disk. Done again, with the log or without it,
    /// it comes to the same.
    /// </summary>
    /// <returns>The stored name; null when there was no log.</returns>
    internal async Task<string?> StoreAsync(Build build, string name, CancellationToken cancellationToken)
    {
        var pending = new PendingLog(build.Cookie, build.Attempt, FileName.Check(name + ".gz"));
        var running = new FileInfo(RunningPath(build));
        if (!running.Exists)
            return File.Exists(TargetOf(pending)) ? pending.Name : null;
        if (running.Length <= MaxBytesAtOnce)
        {
            await PackAsync(pending, cancellationToken).ConfigureAwait(false);
            return pending.Name;
        }

        Directory.CreateDirectory(PendingFolder);
        Durable.ReplaceFile(NoteOf(pending), Encoding.UTF8.GetBytes(pending.Name));
        Postponed?.Invoke();
        return pending.Name;
    }

    /// <summary>The logs that are to be gzipped: few, whatever the number of builds.</summary>
    internal IReadOnlyList<PendingLog> Pending() => !Directory.Exists(PendingFolder) ? [] :
    [
        .. new DirectoryInfo(PendingFolder).EnumerateFiles().OrderBy(note => note.LastWriteTimeUtc)
            .Select(note => PendingLog.TryParse(note.Name, File.ReadAllText(note.FullName))).OfType<PendingLog>(),
    ];

    /// <summary>Gzips a log, and removes what was kept while its build ran. Done again it does nothing.</summary>
    internal async Task PackAsync(PendingLog pending, CancellationToken cancellationToken)
    {
        var (running, target) = (AttemptFolder(pending.Cookie, pending.Attempt) + ".log", TargetOf(pending));
        if (File.Exists(running))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await PackAsync(running, target, cancellationToken).ConfigureAwait(false);
            File.Delete(AttemptLog.MarkPath(running));
            File.Delete(running);
        }

        if (Directory.Exists(PendingFolder))
            File.Delete(NoteOf(pending));
    }

    /// <summary>Adds a line to a log that is stored already, or noted to be gzipped; one that isn't there stays away.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    internal void AddTo(Build build, string line)
    {
        var bytes = Encoding.UTF8.GetBytes($"{line}\n");
        if (StoredPath(build) is not { } path)
            return;
        if (!File.Exists(path))
        {
            if (File.Exists(RunningPath(build)))
                File.AppendAllBytes(RunningPath(build), bytes);
            return;
        }

        using var stored = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete);
        using (var packed = new GZipStream(stored, CompressionLevel.Optimal, leaveOpen: true)) // files of several parts are one to gzip
            packed.Write(bytes);
        stored.Flush(flushToDisk: true);
    }

    /// <summary>Removes what another program has left of the log of an attempt that is about to begin.</summary>
    internal void Clear(Build build)
    {
        if (!Directory.Exists(Path.GetDirectoryName(RunningPath(build))))
            return;
        File.Delete(AttemptLog.MarkPath(RunningPath(build)));
        File.Delete(RunningPath(build));
    }

    private async Task PackAsync(string running, string target, CancellationToken cancellationToken)
    {
        var part = target + ".part";
        var input =
            new FileStream(running, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.Asynchronous);
        await using (input.ConfigureAwait(false))
        {
            var output = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, PieceBytes, FileOptions.Asynchronous);
            await using (output.ConfigureAwait(false))
            {
                var packed = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
                await using (packed.ConfigureAwait(false))
                    await PackAsync(input, packed, cancellationToken).ConfigureAwait(false);
                if (output.Length == 0)
                    await output.WriteAsync(EmptyMember, cancellationToken).ConfigureAwait(false);
                output.Flush(flushToDisk: true);
            }
        }

        File.Move(part, target, overwrite: true);
        Durable.FlushFolder(Path.GetDirectoryName(target)!);
    }

    private async Task PackAsync(Stream input, Stream packed, CancellationToken cancellationToken)
    {
        var piece = new byte[PieceBytes];
        for (int count; (count = await input.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (RoomToPack < 2 * PieceBytes)
            {
                await packed.WriteAsync(NoRoom, cancellationToken).ConfigureAwait(false);
                return;
            }

            await packed.WriteAsync(piece.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
    }

    private static FileStream? OpenIfThere(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, PieceBytes, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string TargetOf(PendingLog pending) =>
        Path.Combine(AttemptFolder(pending.Cookie, pending.Attempt), FileName.Check(pending.Name));

    private string NoteOf(PendingLog pending) => Path.Combine(PendingFolder, pending.ToString());

    private string AttemptFolder(Build build) => AttemptFolder(build.Cookie, build.Attempt);

    private string AttemptFolder(BuildCookie cookie, int attempt) =>
        Path.Combine(Folder, cookie.ToString(), attempt.ToString(CultureInfo.InvariantCulture));
}
