using System.Globalization;
using Buildd.Farm.Compression;
using Buildd.Linux.Files;

namespace Buildd.Farm.Chroots;

/// <summary>
/// Looks into a chroot's tarball before it is taken: what would end every build with CHROOTFAIL on a slave is refused here. It is read
/// to its end; nothing is unpacked to the disk, and memory does not depend on its size.
/// </summary>
internal sealed class ChrootCheck
{
    /// <summary>The folder that slaves build in; everything is below it.</summary>
    internal const string TopFolder = "chroot-autobuild";

    /// <summary>The most that a tarball may unpack to. The chroot of a release has half a gigabyte.</summary>
    private const long MaxBytes = 64L << 30;

    /// <summary>The most entries. The chroot of a release has some 13,000.</summary>
    private const int MaxEntries = 4_000_000;

    /// <summary>The most links out of a folder of the chroot that are remembered. The chroot of a release has some hundred.</summary>
    private const int MaxLinks = 100_000;

    /// <summary>The longest path that Linux takes (limits.h).</summary>
    private const int MaxNameLength = 4096;

    /// <summary>What no build goes without: the shell that starts each step, the settings, and the folders that are mounted on.</summary>
    private static readonly (string What, TarEntryKind[] Kinds, string[] Names)[] Needed =
    [
        ("bin/sh or usr/bin/sh", [TarEntryKind.File, TarEntryKind.HardLink, TarEntryKind.Link], ["bin/sh", "usr/bin/sh"]),
        ("the folder etc", [TarEntryKind.Folder], ["etc"]),
        ("the folder dev", [TarEntryKind.Folder], ["dev"]),
        ("the folder proc", [TarEntryKind.Folder], ["proc"]),
        ("the folder sys", [TarEntryKind.Folder], ["sys"]),
    ];

    private const string Shell = "sh";

    /// <summary>The folders that have programs; one is often a link to the other.</summary>
    private static readonly string[] ProgramFolders = ["bin", "usr/bin"];

    private readonly string _path;
    private readonly bool[] _found = new bool[Needed.Length];
    private readonly HashSet<string> _outwards = new(StringComparer.Ordinal);
    private readonly HashSet<string> _programs = new(StringComparer.Ordinal); // names in the folders that may have the shell
    private readonly List<string> _shells = []; // what links of the shell's names lead to, in their own folder
    private bool _hasTop;

    private ChrootCheck(string path) => _path = path;

    /// <summary>Checks a tarball.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onProgress">Receives the fraction of the file that was read, some times a second.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FarmException">It isn't there, or no build could be built in it; the message says why, and what to do.</exception>
    internal static Task RunAsync(string path, Action<double> onProgress, CancellationToken cancellationToken) =>
        Task.Run(() => new ChrootCheck(path).Run(onProgress, cancellationToken), cancellationToken);

    private void Run(Action<double> onProgress, CancellationToken cancellationToken)
    {
        using var file = Open();
        var kind = CompressedFile.Detect(file);
        using var tar = CompressedFile.Unpack(file, kind);
        try
        {
            var entries = new TarEntries(new WatchedStream(tar, file, onProgress, cancellationToken));
            for (var count = 1; entries.Next() is { } entry; count++)
            {
                if (count > MaxEntries)
                    throw Refused(string.Create(CultureInfo.InvariantCulture, $"it has more than {MaxEntries} entries"));
                Look(entry);
            }

            entries.ReadToEnd();
            onProgress(1);
        }
        catch (InvalidDataException e)
        {
            var how = kind == CompressionKind.None
                ? "that is not compressed (by gzip, bzip2, xz or zstd)"
                : $"compressed by {kind.ToString().ToLowerInvariant()}";
            throw Refused($"it was read as a tar {how}, and that failed: {e.Message.TrimEnd('.')}", "Fetch or make it again.", e);
        }

        if (!_hasTop)
            throw Refused($"it has no top folder {TopFolder}, which slaves build in");
        var missing = Needed.Where((_, i) => !_found[i]).Select(needed => needed.What).ToList();
        if (missing.Count > 0)
            throw Refused($"below {TopFolder} it lacks {string.Join(", ", missing)}, which every build needs");
        if (_programs.Count < MaxLinks && _shells.Find(target => target == Shell || !_programs.Contains(target)) is { } lost)
            throw Refused($"its shell is a link to {FileName.Display(lost)}, which leads nowhere");
    }

    private FileStream Open()
    {
        try
        {
            return UnixFile.OpenNamed(_path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FarmException.NotFound($"{_path} is not there");
        }
    }

    private void Look(TarEntry entry)
    {
        var parts = Parts(entry.Name);
        if (parts.Length == 0)
            return; // the folder that the tar was made of
        if (entry.Kind == TarEntryKind.HardLink)
            Parts(entry.Target);
        if (parts.Length == 1)
        {
            _hasTop = entry.Kind == TarEntryKind.Folder ? true : throw Refused($"{TopFolder} is not a folder");
            return;
        }

        CheckParents(entry.Name, parts);
        var name = string.Join('/', parts.AsSpan(1));
        _hasTop = true; // tar makes folders that have no entry
        for (var i = 0; i < Needed.Length; i++)
            _found[i] |= Needed[i].Names.Contains(name) && Needed[i].Kinds.Contains(entry.Kind);
        if (ProgramFolders.Contains(string.Join('/', parts.AsSpan(1..^1))))
            LookAtProgram(parts[^1], entry);
        if (entry.Kind == TarEntryKind.Link && (entry.Target.StartsWith('/') || entry.Target.Split('/').Contains("..")))
            Remember(name);
        else
            _outwards.Remove(name);
    }

    /// <summary>A link of the shell's into another folder is not followed: its folders may be links themselves.</summary>
    private void LookAtProgram(string name, TarEntry entry)
    {
        if (_programs.Count < MaxLinks)
            _programs.Add(name);
        if (name == Shell && entry.Kind == TarEntryKind.Link && !entry.Target.Contains('/', StringComparison.Ordinal))
            _shells.Add(entry.Target);
    }

    /// <summary>Takes a name apart, which must be in the top folder.</summary>
    private string[] Parts(string name)
    {
        if (name.Length > MaxNameLength)
            throw Refused($"a name has {name.Length} characters, and a path has at most {MaxNameLength}");
        string[] parts = [.. name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")];
        return name.StartsWith('/') || parts.Contains("..") || (parts.Length > 0 && parts[0] != TopFolder)
            ? throw Refused($"the name {FileName.Display(name)} is not below the folder {TopFolder}, where everything has to be")
            : parts;
    }

    /// <summary>Such a name would be made wherever the link leads; tar does not unpack it.</summary>
    private void CheckParents(string name, string[] parts)
    {
        if (_outwards.Count == 0)
            return;
        for (var count = 2; count < parts.Length; count++)
        {
            if (_outwards.Contains(string.Join('/', parts.AsSpan(1..count))))
                throw Refused($"the name {FileName.Display(name)} goes through a link that may leave the folder {TopFolder}");
        }
    }

    private void Remember(string link)
    {
        if (_outwards.Count == MaxLinks)
            throw Refused(string.Create(CultureInfo.InvariantCulture, $"it has more than {MaxLinks} links out of their folders"));
        _outwards.Add(link);
    }

    private FarmException Refused(string found, string? remedy = null, Exception? because = null) => new(
        $"{_path} can't be used as a chroot: {found}. {remedy ?? $"'buildd-farm chroot' makes one of this machine's release; "
            + $"'tar -C FOLDER --numeric-owner -czf FILE {TopFolder}' packs one."}",
        because);

    /// <summary>Counts what is read, for limits and progress.</summary>
    private sealed class WatchedStream(Stream tar, FileStream file, Action<double> onProgress, CancellationToken cancellationToken)
        : ReadOnlyStream
    {
        private const int BytesPerLook = 1 << 20;

        private long _total;
        private long _nextLook;

        public override int Read(Span<byte> buffer)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = tar.Read(buffer);
            _total += read;
            if (_total > MaxBytes)
                throw new InvalidDataException($"it unpacks to more than {MaxBytes >> 30} GiB");
            if (_total >= _nextLook)
            {
                _nextLook = _total + BytesPerLook;
                onProgress(file.Length == 0 ? 1 : (double)file.Position / file.Length);
            }

            return read;
        }
    }
}
