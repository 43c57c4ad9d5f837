using System.Text;
using Buildd.Backends.Commands;
using Buildd.Debian.Relations;
using Buildd.Linux.Processes;

namespace Buildd.Backends.BinaryPackage;

/// <summary>Runs a command in the chroot, as root, hands on what it writes, standard error with it, and returns its exit code.</summary>
internal delegate Task<int> ChrootRunner(Command command, OutputWriter output, CancellationToken cancellationToken);

/// <summary>
/// The package indexes that the apt in a chroot has. They are asked for inside, where a link leads nowhere else, and by apt
/// itself, which knows which there are and how they are compressed: protocol section 12.1.
/// </summary>
internal sealed class ChrootPackageIndexes(ChrootRunner run)
{
    /// <summary>More indexes are not read: a thousand archives with some components each.</summary>
    internal const int MaxIndexes = 10_000;

    /// <summary>How many files one call gets, so that the list of its arguments stays short.</summary>
    internal const int FilesPerCall = 100;

    /// <summary>What the lines with file names begin with: warnings come the same way.</summary>
    private const string Mark = "buildd-index:";

    /// <summary>
    /// A longer name is no file's that apt has made; with <see cref="FilesPerCall"/> of them a command stays below its limit.
    /// </summary>
    private const int MaxLineBytes = 1024;
    private const int CompressedExitCode = 3;

    /// <summary>
    /// For an apt that has no helper, or one that fails. Of a chroot with nothing but compressed indexes nothing can be said.
    /// </summary>
    private const string PlainListsScript =
        """
        for f in /var/lib/apt/lists/*_Packages.*; do
            if [ -f "$f" ]; then exit 3; fi
        done
        for f in /var/lib/apt/lists/*_Packages; do
            if [ -f "$f" ]; then cat "$f" || exit 1; echo; fi
        done
        """;

    /// <summary>Reads all indexes past a matcher.</summary>
    /// <returns>How many packages are in them; 0 when there are no indexes.</returns>
    /// <exception cref="IOException">They can't be read.</exception>
    internal async Task<long> ReadAsync(RelationMatcher matcher, CancellationToken cancellationToken)
    {
        var reader = new PackageIndexReader(matcher);
        if (!await TryReadByHelperAsync(reader, cancellationToken).ConfigureAwait(false))
            await ReadPlainAsync(reader, cancellationToken).ConfigureAwait(false);
        return reader.Packages;
    }

    private async Task<bool> TryReadByHelperAsync(PackageIndexReader reader, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        var lines = new LineSplitter(MaxLineBytes, (line, _) =>
        {
            if (Encoding.UTF8.GetString(line) is var text && text.StartsWith(Mark + "/", StringComparison.Ordinal))
                files.Add(
                    files.Count < MaxIndexes ? text[Mark.Length..] : throw new IOException(
                        $"the chroot has more than {MaxIndexes} package indexes"));
        });
        var code = await run(
            Command.Of("apt-get", "indextargets", "--format", Mark + "$(FILENAME)", "Created-By: Packages"), lines.Write, cancellationToken)
                .ConfigureAwait(false);
        lines.Complete();
        if (code != 0 || files.Count == 0)
            return false;

        foreach (var part in files.Chunk(FilesPerCall))
        {
            code = await run(Command.Of("/usr/lib/apt/apt-helper", ["cat-file", .. part]), reader.Write, cancellationToken)
                .ConfigureAwait(false);
            reader.Complete();
            if (code != 0)
                return false;
        }

        return true;
    }

    private async Task ReadPlainAsync(PackageIndexReader reader, CancellationToken cancellationToken)
    {
        var code = await run(Command.Of("/bin/sh", "-c", PlainListsScript), reader.Write, cancellationToken).ConfigureAwait(false);
        reader.Complete();
        if (code == CompressedExitCode)
            throw new IOException("the chroot's package indexes are compressed, and its apt has no helper that reads them");
        if (code != 0)
            throw new IOException($"the chroot's package indexes could not be read: cat ended with exit code {code}");
    }
}
