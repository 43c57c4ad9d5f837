using Buildd.Linux.Files;
namespace Buildd.Master.Uploads.Checks;

/// <summary>Lists what is in a leaf, links not followed and bounded in depth and number.</summary>
internal static class LeafFiles
{
    /// <summary>20,000: the biggest sources have some thousand packages, each with its debug symbols.</summary>
    private const int MaxEntries = 20_000;

    /// <summary>The folders of a leaf name an archive, a distribution and a suite; what is deeper is none of ours.</summary>
    private const int MaxDepth = 8;

    /// <summary>The plain files, sorted by name within a folder, the files of a folder before its folders.</summary>
    /// <param name="leaf">The leaf.</param>
    /// <param name="findings">Gets what is neither a plain file nor a folder.</param>
    public static IReadOnlyList<string> List(string leaf, FindingList findings)
    {
        var files = new List<string>();
        var entries = 0;
        Walk(leaf, 0);
        return files;

        void Walk(string folder, int depth)
        {
            if (depth > MaxDepth)
            {
                findings.Reject(Path.GetFileName(folder), $"is a folder more than {MaxDepth} levels deep");
                return;
            }

            var folders = new List<string>();
            var names = new List<string>(); // never more than the limit, of a folder of millions too
            foreach (var path in Directory.EnumerateFileSystemEntries(folder))
            {
                if (++entries > MaxEntries)
                {
                    if (entries == MaxEntries + 1)
                        findings.Reject(null, $"There are more than {MaxEntries} files and folders");
                    return;
                }

                names.Add(path);
            }

            foreach (var path in names.Order(StringComparer.Ordinal))
            {
                switch (UnixFile.KindOf(path))
                {
                    case FileKind.Regular:
                        files.Add(path);
                        break;
                    case FileKind.Folder:
                        folders.Add(path);
                        break;
                    case FileKind.Missing:
                        break; // taken away while we look
                    case FileKind.Link:
                        findings.Reject(Path.GetFileName(path), "is a link");
                        break;
                    default:
                        findings.Reject(Path.GetFileName(path), "is no plain file");
                        break;
                }
            }

            foreach (var path in folders)
                Walk(path, depth + 1);
        }
    }
}
