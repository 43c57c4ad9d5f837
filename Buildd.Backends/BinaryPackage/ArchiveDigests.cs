using System.Text;
using Buildd.Backends.Commands;
using Buildd.Debian.Apt;
using Buildd.Linux.Processes;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// What the apt in a chroot installs from, as it is now: each archive's signed index, which holds the sums of all others. Where it
/// lies is asked of apt itself, as with <see cref="ChrootPackageIndexes"/>.
/// </summary>
internal static class ArchiveDigests
{
    /// <summary>So many archives are summed up in one call, so that the list of its arguments stays short.</summary>
    private const int FilesPerCall = 50;

    private const string Mark = "buildd-archive:";
    private const int MaxLineBytes = 4096;

    /// <summary>An archive has the one or, of old, the other.</summary>
    private const string SumScript =
        """
        for p; do
            for k in InRelease Release; do
                if [ -f "$p$k" ]; then sha256sum "$p$k" || exit 1; break; fi
            done
        done
        """;

    /// <summary>Reads them.</summary>
    /// <exception cref="IOException">
    /// A command failed, or there are more than <see cref="ChrootPackageIndexes.MaxIndexes"/> indexes.
    /// </exception>
    internal static async Task<IReadOnlyList<FileDigests>> ReadAsync(ChrootRunner run, CancellationToken cancellationToken)
    {
        var archives = await FindAsync(run, cancellationToken).ConfigureAwait(false);
        var digests = new List<FileDigests>();
        var lines = new LineSplitter(MaxLineBytes, (line, _) =>
        {
            // "SUM  PATH"; a backslash in front tells of a name that is quoted, which apt's are not.
            if (Encoding.UTF8.GetString(line).Split("  ", 2) is [{ Length: 64 } sum, var path]
                && archives.FirstOrDefault(
                    pair => path.StartsWith(pair.Key, StringComparison.Ordinal)
                        && path[pair.Key.Length..] is "InRelease" or "Release") is { Value: not null } archive)
                digests.Add(new FileDigests($"{archive.Value} {path[archive.Key.Length..]}", sum, Uri: archive.Value.Split(' ')[0]));
        });
        foreach (var part in archives.Keys.Chunk(FilesPerCall))
        {
            if (
                await run(Command.Of("/bin/sh", ["-c", SumScript, "sh", .. part]), lines.Write, cancellationToken)
                    .ConfigureAwait(false) is not 0 and var code)
                throw new IOException($"the archives' indexes could not be summed up: exit code {code}");
        }

        lines.Complete();
        return digests;
    }

    /// <summary>The beginning of the archives' file names, with their addresses and suites.</summary>
    private static async Task<OrderedDictionary<string, string>> FindAsync(ChrootRunner run, CancellationToken cancellationToken)
    {
        var found = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        var lines = new LineSplitter(MaxLineBytes, (line, _) =>
        {
            var text = Encoding.UTF8.GetString(line);
            if (!text.StartsWith(Mark, StringComparison.Ordinal)
                || text[Mark.Length..].Split(' ', 4) is not [var uri, var suite, var key, ['/', ..] file])
                return;
            // The file's name is the archive's address and the index's own name, with _ for each slash.
            var end = file.LastIndexOf(key.Replace('/', '_'), StringComparison.Ordinal);
            if (end > 0 && !found.TryAdd(file[..end], $"{ArchiveLine.WithoutCredentials(uri)} {suite}")
                && found.Count > ChrootPackageIndexes.MaxIndexes)
                throw new IOException($"the chroot has more than {ChrootPackageIndexes.MaxIndexes} archives");
        });
        var code = await run(
            Command.Of(
                "apt-get", "indextargets", "--format", Mark + "$(REPO_URI) $(RELEASE) $(METAKEY) $(FILENAME)", "Created-By: Packages"),
            lines.Write, cancellationToken).ConfigureAwait(false);
        lines.Complete();
        return code == 0 ? found : throw new IOException($"apt could not tell what it installs from: exit code {code}");
    }
}
