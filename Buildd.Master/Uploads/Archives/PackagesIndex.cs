using System.IO.Compression;

namespace Buildd.Master.Uploads.Archives;

/// <summary>Looks packages up in the indexes of a suite, as apt does; line by line, so that memory doesn't depend on their size.</summary>
internal static class PackagesIndex
{
    private const string Plain = "Packages";
    private const string FolderPrefix = "binary-";

    /// <summary>As they are, or as the framework can unpack them.</summary>
    private static readonly IndexCompression[] BuiltIn =
        [new("", file => file), new(".gz", file => new GZipStream(file, CompressionMode.Decompress))];

    /// <param name="suite">The suite's folder below <c>dists</c>; nothing is found in one that is missing.</param>
    /// <param name="packages">The names.</param>
    /// <param name="compressions">Further ways to read indexes that are neither plain nor gzipped, in the order of preference.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<PublishedBinary>> FindAsync(
        string suite,
        IReadOnlyCollection<string> packages,
        IReadOnlyList<IndexCompression> compressions,
        CancellationToken cancellationToken)
    {
        var wanted = packages.ToHashSet(StringComparer.Ordinal);
        var found = new List<PublishedBinary>();
        if (!Directory.Exists(suite))
            return found;
        foreach (var folder in Directory.EnumerateDirectories(suite, FolderPrefix + "*", SearchOption.AllDirectories))
        {
            var architecture = Path.GetFileName(folder)[FolderPrefix.Length..];
            foreach (var compression in BuiltIn.Concat(compressions))
            {
                var path = Path.Combine(folder, Plain + compression.Extension);
                if (!File.Exists(path))
                    continue;
                var index = compression.Unpack(File.OpenRead(path));
                await ReadAsync(index, architecture, wanted, found, cancellationToken).ConfigureAwait(false);
                break;
            }
        }

        return found;
    }

    private static async Task ReadAsync(
        Stream index, string architecture, HashSet<string> wanted, List<PublishedBinary> found, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(index);
        string? package = null, source = null, version = null;
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
                End();
            else if (ValueOf(line, "Package") is { } name)
                package = name;
            else if (ValueOf(line, "Source") is { } origin)
                source = origin.Split(' ', 2)[0]; // NAME (VERSION), where that is another than the package's
            else if (ValueOf(line, "Version") is { } text)
                version = text;
        }

        End();

        void End()
        {
            if (package is not null && version is not null && wanted.Contains(package))
                found.Add(new PublishedBinary(package, source is { Length: > 0 } ? source : package, version, architecture));
            (package, source, version) = (null, null, null);
        }
    }

    /// <summary>The value of a field, whose name has no case and whose colon may have blanks around it; null of another line.</summary>
    private static string? ValueOf(string line, string field) =>
        line.StartsWith(field, StringComparison.OrdinalIgnoreCase)
        && line.AsSpan(field.Length).TrimStart(" \t") is [':', .. var value]
            ? value.Trim(" \t").ToString()
            : null;
}
