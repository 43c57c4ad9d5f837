using Buildd.Linux.Files;
using Buildd.Protocol;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Files;

/// <summary>The folder of the cache: what lies in it, who needs it, when it was used last, and what may go.</summary>
/// <remarks>
/// Methods may be called from any thread. The time of last use is the file's access time, which survives a restart;
/// the time of modification is what clients are told. One lock makes sure that nothing is removed that was found, or is
/// needed, a moment before; nothing that takes long is done while it is held.
/// </remarks>
internal sealed class CacheFolder(string directory, FileCacheOptions options, TimeProvider time, ILogger<FileCache> logger)
{
    /// <summary>
    /// How long after its last use a file stays whatever happens: between <c>ensurepresent</c> for the first input and
    /// <c>build</c> a master may fetch gigabytes.
    /// </summary>
    internal static readonly TimeSpan RecentUse = TimeSpan.FromMinutes(30);

    /// <summary>The time for which a base stays unused after its tarball has gone, where files have no largest age.</summary>
    private static readonly TimeSpan AgeWithoutFile = TimeSpan.FromDays(3);

    /// <summary>What ends the names of files that are not whole yet, or on their way out.</summary>
    private const string Temporary = ".tmp";

    /// <summary>What the reference and we call a result on its way in.</summary>
    private const string Incoming = "store";

    private readonly Lock _lock = new();
    private readonly Dictionary<Sha1, int> _held = [];
    private long _lacking;

    internal string Directory => directory;

    internal TimeProvider Time => time;

    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Where a file of that sum belongs.</summary>
    internal string PathOf(Sha1 sha1) => Path.Combine(directory, sha1.ToString());

    /// <summary>Where a file is written until it is whole.</summary>
    /// <param name="sum">The sum that it is to have, as the master spelled it: in upper case it is another one, which no file has.</param>
    internal string DownloadPathOf(string sum) => IsSumInAnyCase(sum)
        ? Path.Combine(directory, sum + Temporary)
        : throw new ArgumentException($"'{sum}' is no sum", nameof(sum));

    /// <summary>Whether a text is 40 hexadecimal digits, and so safe as a file name.</summary>
    internal static bool IsSumInAnyCase(string text) => text.Length == Sha1.Digits && text.All(char.IsAsciiHexDigit);

    /// <summary>A place for a result whose sum is not known yet.</summary>
    internal string NewIncomingPath() => Path.Combine(directory, $"{Incoming}-{Guid.NewGuid():N}{Temporary}");

    /// <summary>Where the file of that sum lies, or null when there is none.</summary>
    /// <remarks>Differs: only an ordinary file counts. The reference takes folders, and follows links wherever they lead.</remarks>
    /// <exception cref="FileCacheException">It can't be found out.</exception>
    internal string? Find(Sha1 sha1) => PathOf(sha1) is var path && Look(path) is { IsRegular: true } ? path : null;

    /// <summary>Finds a file and notes that it is used: it stays for at least <see cref="RecentUse"/>.</summary>
    /// <exception cref="FileCacheException">It can't be found out.</exception>
    internal string? Use(Sha1 sha1)
    {
        lock (_lock)
        {
            var path = Find(sha1);
            if (path is not null)
                NoteUse(path);
            return path;
        }
    }

    /// <summary>Puts a whole file in its place. What has the name, be it a link, is replaced.</summary>
    /// <param name="temporary">The file.</param>
    /// <param name="sha1">Its sum.</param>
    /// <param name="replace">Whether a file that is there is replaced as well; else it stays.</param>
    /// <returns>Whether the file is in its place now.</returns>
    /// <exception cref="FileCacheException">It can't be renamed.</exception>
    internal bool Put(string temporary, Sha1 sha1, bool replace)
    {
        lock (_lock)
        {
            if (!replace && Use(sha1) is not null)
                return false;
            try
            {
                if (options.ReaderGroup is { } group)
                    UnixFile.GiveToGroup(temporary, group);
                UnixFile.TryRename(temporary, PathOf(sha1));
                NoteUse(PathOf(sha1));
                return true;
            }
            catch (IOException e)
            {
                throw new FileCacheException("the file could not be put into the cache", e);
            }
        }
    }

    /// <summary>Somebody needs the file until <see cref="Release"/>; see <see cref="CacheLease"/>.</summary>
    internal void Hold(Sha1 sha1)
    {
        lock (_lock)
        {
            _held[sha1] = _held.GetValueOrDefault(sha1) + 1;
            if (Find(sha1) is { } path)
                NoteUse(path);
        }
    }

    /// <summary>Undoes one <see cref="Hold"/>.</summary>
    internal void Release(Sha1 sha1)
    {
        lock (_lock)
        {
            if (--_held[sha1] == 0)
                _held.Remove(sha1);
            if (Find(sha1) is { } path)
                NoteUse(path); // a build of four days needed it all the time
        }
    }

    /// <summary>Removes a file; one that is gone already is no failure.</summary>
    internal void Remove(Sha1 sha1)
    {
        if (Find(sha1) is { } path)
            File.Delete(path);
    }

    /// <summary>
    /// Removes a file that is not in its place, if it is there. That it can't be is logged and no failure: the next start tries again.
    /// </summary>
    internal void RemoveTemporary(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogFileNotRemoved(e, path);
        }
    }

    /// <summary>
    /// Takes the folder for this slave until what is returned is disposed of, or the process ends. Two slaves would remove each other's
    /// downloads and results on their way in, and share one <c>buildlog</c>.
    /// </summary>
    /// <returns>Null when the folder can't be locked now, which is logged: it may be there again later.</returns>
    /// <exception cref="FileCacheException">Another slave has it.</exception>
    internal IDisposable? Take()
    {
        try
        {
            return UnixFile.TryTakeFolder(directory)
                ?? throw new FileCacheException($"the file cache '{directory}' is another slave's that runs: give each a cache of its own");
        }
        catch (Exception e) when (e is IOException and not FileCacheException or UnauthorizedAccessException)
        {
            logger.LogCacheNotTaken(e, directory);
            return null;
        }
    }

    /// <summary>
    /// Keeps accounts of the machine out that have no business with what masters and builds put here, whoever made the folder. That it
    /// can't be done is logged: a folder of somebody else's is used as it is.
    /// </summary>
    internal void CloseToOthers()
    {
        try
        {
            if (options.ReaderGroup is { } group)
            {
                UnixFile.GiveToGroup(directory, group);
                foreach (var (sha1, _) in List())
                    UnixFile.GiveToGroup(PathOf(sha1), group); // the configuration may have had another builduser
            }

            const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            var mode = File.GetUnixFileMode(directory);
            var closed = mode & ~Others | (options.ReaderGroup is null ? default : UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            if (closed != mode)
                File.SetUnixFileMode(directory, closed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogCacheNotClosed(e, directory);
        }
    }

    /// <summary>Removes what an earlier run left half done.</summary>
    /// <returns>How many files.</returns>
    /// <exception cref="IOException">The folder can't be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be listed.</exception>
    internal int RemoveLeftovers()
    {
        var left = System.IO.Directory.EnumerateFiles(directory, "*" + Temporary).Where(IsOurs).ToList();
        left.ForEach(RemoveTemporary);
        return left.Count;

        static bool IsOurs(string path)
        {
            var name = Path.GetFileName(path);
            return name.StartsWith(Incoming, StringComparison.Ordinal)
                || (name.Length >= Sha1.Digits && IsSumInAnyCase(name[..Sha1.Digits]));
        }
    }

    /// <summary>Removes what is too old or too much, least recently used first, and makes room where there is too little.</summary>
    /// <param name="wanted">How many bytes are about to be written, beyond what has to stay free.</param>
    /// <exception cref="FileCacheException">The folder can't be read.</exception>
    internal void Sweep(long wanted = 0) => Sweep([], wanted);

    /// <summary>
    /// The same, also for what <see cref="FindLack"/> found too little room for since the last time, and with what was made of
    /// files: that goes before its file, and when its file is gone.
    /// </summary>
    /// <param name="derived">What was made of files.</param>
    /// <returns>What of that has to go, for the caller to remove.</returns>
    /// <exception cref="FileCacheException">The folder can't be read.</exception>
    internal IReadOnlyList<DerivedFile> SweepWith(IReadOnlyList<DerivedFile> derived) =>
        Sweep(derived, Interlocked.Exchange(ref _lacking, 0));

    private List<DerivedFile> Sweep(IReadOnlyList<DerivedFile> derived, long wanted)
    {
        var now = time.GetUtcNow();
        var files = List();
        var used = files.ToDictionary(file => file.Sha1, file => file.Facts.LastAccess);
        var total = files.Sum(file => file.Facts.Size) + derived.Sum(made => made.Bytes);
        var (count, bytes, leaving) = (0, 0L, 0L);
        var going = new List<DerivedFile>();
        var all = files.Select(file => (file.Facts.LastAccess, file.Sha1, file.Facts, Made: (DerivedFile?)null)).Concat(
            derived.Select(
                made => (
                    LastAccess: used.TryGetValue(made.Sha1, out var use)
                        && use > made.LastUse ? use : made.LastUse, made.Sha1, Facts: default(FileFacts), Made: (DerivedFile?)made)));
        var inOrder = all.Select(one => one with { LastAccess = Believable(one.LastAccess, now) })
            .OrderBy(one => one.LastAccess).ThenBy(one => one.Made is null).ToList();
        if (wanted > 0 && !CouldMakeRoom(wanted, inOrder.Where(one => now - one.LastAccess >= RecentUse && !IsHeld(one.Sha1))
            .Sum(one => one.Made?.Bytes ?? one.Facts.Size)))
        {
            wanted = 0; // all of it would go, and for nothing
        }

        foreach (var (lastUse, sha1, facts, made) in inOrder)
        {
            var unused = now - lastUse;
            var isTooOld = options.MaxAge > TimeSpan.Zero && unused >= options.MaxAge;
            var isTooMuch = options.BudgetBytes > 0 && total > options.BudgetBytes;
            if (unused < RecentUse || !(isTooOld || isTooMuch || IsShort(wanted - leaving)))
                break; // and so are all that follow
            if (made is not null)
            {
                if (IsHeld(sha1))
                    continue;
                going.Add(made);
                leaving += made.Bytes;
                total -= made.Bytes;
            }
            else if (TryEvict(sha1, facts))
            {
                used.Remove(sha1);
                total -= facts.Size;
                (count, bytes) = (count + 1, bytes + facts.Size);
            }
        }

        if (count > 0)
            logger.LogFilesEvicted(count, bytes, total);
        // Another slave that shares what is made of files may have the file still: its builds count as uses.
        going.AddRange(derived.Where(made => !used.ContainsKey(made.Sha1) && !IsHeld(made.Sha1) && !going.Contains(made)
            && now - Believable(made.LastUse, now) >= (options.MaxAge > TimeSpan.Zero ? options.MaxAge : AgeWithoutFile)));
        return going;
    }

    /// <summary>
    /// A time that has not come yet is that of a clock which has been set back since: nobody knows how long ago it was. One a little
    /// ahead is of a clock that was corrected a moment ago.
    /// </summary>
    private static DateTimeOffset Believable(DateTimeOffset lastUse, DateTimeOffset now) =>
        lastUse > now + RecentUse ? DateTimeOffset.MinValue : lastUse;

    private bool CouldMakeRoom(long wanted, long goable) => FreeBytes() - options.FreeSpaceFloorBytes + goable >= wanted;

    private bool IsHeld(Sha1 sha1)
    {
        lock (_lock)
            return _held.ContainsKey(sha1);
    }

    /// <summary>What there is too little room for; null when so many bytes can be written. Old files are removed for it.</summary>
    /// <exception cref="FileCacheException">It can't be found out.</exception>
    internal string? FindLack(long wanted = 0)
    {
        if (!IsShort(wanted))
            return null;
        Sweep(wanted);
        if (!IsShort(wanted))
            return null;
        Interlocked.Exchange(ref _lacking, wanted); // what was made of files may make room, but not while somebody waits
        var needed = wanted > 0 ? $"{wanted} bytes are to be written and " : "";
        return $"Not enough space: {needed}{options.FreeSpaceFloorBytes} bytes have to stay free on the file system of '{directory}', "
            + $"and {FreeBytes()} are free";
    }

    private bool IsShort(long wanted) => FreeBytes() - wanted < options.FreeSpaceFloorBytes;

    /// <summary>How many files there are under their sums, and how long they are together. The folder is listed for it.</summary>
    /// <exception cref="FileCacheException">The folder can't be read.</exception>
    internal (long Files, long Bytes) Measure()
    {
        var files = List();
        return (files.Count, files.Sum(file => file.Facts.Size));
    }

    /// <summary>What is free on the file system, in bytes.</summary>
    /// <exception cref="FileCacheException">It can't be found out.</exception>
    internal long FreeBytes()
    {
        try
        {
            return new DriveInfo(directory).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileCacheException($"the free space of '{directory}' could not be found out", e);
        }
    }

    private List<(Sha1 Sha1, FileFacts Facts)> List()
    {
        var files = new List<(Sha1, FileFacts)>();
        try
        {
            foreach (var path in System.IO.Directory.EnumerateFiles(directory))
            {
                if (Sha1.TryParse(Path.GetFileName(path), out var sha1) && UnixFile.Look(path) is { IsRegular: true } facts)
                    files.Add((sha1, facts));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileCacheException($"the file cache '{directory}' could not be listed", e);
        }

        return files;
    }

    /// <summary>Removes a file unless somebody needs it or has used it since it was looked at.</summary>
    private bool TryEvict(Sha1 sha1, in FileFacts facts)
    {
        var path = PathOf(sha1);
        var aside = $"{path}-{Guid.NewGuid():N}{Temporary}";
        lock (_lock)
        {
            if (_held.ContainsKey(sha1) || Look(path) is not { } current || !current.IsSameFileAs(facts)
                || current.LastAccess != facts.LastAccess)
                return false;
            try
            {
                UnixFile.TryRename(path, aside);
            }
            catch (IOException e)
            {
                logger.LogFileNotRemoved(e, path);
                return false;
            }
        }

        // To free the blocks of a large file takes a while; nobody waits for it under the lock.
        RemoveTemporary(aside);
        return true;
    }

    private static FileFacts? Look(string path)
    {
        try
        {
            return UnixFile.Look(path);
        }
        catch (IOException e)
        {
            throw new FileCacheException("the file cache could not be read", e);
        }
    }

    private void NoteUse(string path)
    {
        try
        {
            File.SetLastAccessTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's file, or a file system that can only be read. The file can be used all the same.
            logger.LogUseNotNoted(e, path);
        }
    }
}
