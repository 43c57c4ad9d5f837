using System.Text;
using Buildd.Backends.DebianBuilds;
using Buildd.Linux.Files;

namespace Buildd.Backends.LiveFs;

/// <summary>Which files of an image's folder are results, and what they are called. The names come from a hostile system.</summary>
internal static class ImageFiles
{
    /// <summary>The reference's results, and what all others are named like.</summary>
    internal const string Prefix = "livecd.";

    private const string Kernel = "kernel";
    private const string Initrd = "initrd";

    /// <summary>
    /// What files of a kernel are called, and where one of several begins to say which it is; riscv64 and ppc64el have it not compressed.
    /// </summary>
    private static readonly (string Beginning, string Kind)[] ToBoot =
        [("vmlinuz", Kernel), ("vmlinux", Kernel), ("initrd.img", Initrd), ("initrd", Initrd)];

    private static readonly string[] Compressions = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lz", ".7z", ".zip"];

    /// <summary>Reads what find has listed: kind, blank, path, NUL.</summary>
    /// <param name="listed">The list.</param>
    /// <param name="tell">Gets a line on each that is passed over.</param>
    internal static IReadOnlyList<string> Read(ReadOnlySpan<byte> listed, Action<string> tell)
    {
        var paths = new List<string>();
        foreach (var entry in listed.Split((byte)0))
        {
            var bytes = listed[entry];
            if (bytes.Length < 3)
                continue;
            var path = Encoding.UTF8.GetString(bytes[2..]);
            if (bytes[0] != 'f')
                tell(
                    $"'{ArgumentCheck.Shown(path)}' is no result: "
                        + $"{(bytes[0] == 'l' ? "a symbolic link is not followed" : "it is no ordinary file")}");
            else if (path.Contains('\uFFFD', StringComparison.Ordinal)
                || path.Split('/').Any(part => FileName.FindWireMistake(part) is not null))
                tell($"'{ArgumentCheck.Shown(path)}' is no result: it can't be one's name");
            else
                paths.Add(path);
        }

        return [.. paths.Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Gives each file a name. Those that are called as the reference's results keep theirs; the first of each kind is
    /// <c>livecd.PROJECT.EXT</c>, also where a kernel's own name has its version, and further ones have their own name behind the project,
    /// so that none is lost.
    /// </summary>
    internal static IReadOnlyList<ImageFile> Name(string project, IEnumerable<string> paths)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var files = new List<ImageFile>();
        foreach (
            var path in paths.OrderBy(path => !IsNamed(path)).ThenBy(path => path.Count(c => c == '/'))
                .ThenBy(path => path, StringComparer.Ordinal))
        {
            var baseName = path[(path.LastIndexOf('/') + 1)..];
            var (kind, version) = KindOf(baseName);
            string[] candidates = IsNamed(path)
                ? [path]
                : [$"{Prefix}{project}.{kind}", $"{Prefix}{project}.{(version.Length > 0 ? kind + version : baseName)}",
                    $"{Prefix}{project}.{path.Replace('/', '-')}"];
            var name = candidates.FirstOrDefault(names.Add) ?? Numbered(candidates[^1], names);
            files.Add(new ImageFile(path, name));
        }

        return files;
    }

    /// <summary>
    /// What a file is, by its name: the end that says so, or <c>kernel</c> or <c>initrd</c>, and then what tells several of them apart.
    /// </summary>
    private static (string Kind, string Version) KindOf(string name)
    {
        foreach (var (beginning, kind) in ToBoot)
        {
            if (name.StartsWith(beginning, StringComparison.Ordinal))
                return (kind, name[beginning.Length..]);
        }

        var tar = name.LastIndexOf(".tar", StringComparison.Ordinal);
        if (tar > 0)
            return (name[(tar + 1)..], "");
        // How it is compressed does not say what it is.
        var end = name.LastIndexOf('.');
        var before = end > 0 && Compressions.Contains(name[end..]) ? name.LastIndexOf('.', end - 1) : -1;
        return (name[((before > 0 && char.IsAsciiLetter(name[before + 1]) ? before : end) + 1)..], "");
    }

    private static bool IsNamed(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal) && !path.Contains('/', StringComparison.Ordinal);

    private static string Numbered(string name, HashSet<string> taken)
    {
        for (var number = 2; ; number++)
        {
            var numbered = $"{name}.{number}";
            if (taken.Add(numbered))
                return numbered;
        }
    }
}
