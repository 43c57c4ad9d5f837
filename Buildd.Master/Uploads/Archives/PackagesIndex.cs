using System.IO.Compression;

namespace Buildd.Master.Uploads.Archives;

/// <summary>Looks packages up in the indexes of a suite, as apt does; line by line, so that memory doesn't depend on their size.</summary>
internal static class PackagesIndex
{
    private const string Plain = "Packages";
    private const string Gzipped = "Packages.gz";
    private const string FolderPrefix = "binary-";

    /// <param name="suite">The suite's folder below <c>dists</c>; nothing is found in one that is missing.</param>
    /// <param name="packages">The names.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<PublishedBinary>> FindAsync(
        string suite, IReadOnlyCollection<string> packages, CancellationToken cancellationToken)
    {
        var wanted = packages.ToHashSet(StringComparer.Ordinal);
        var found = new List<PublishedBinary>();
        if (!Directory.Exists(suite))
            return found;
        foreach (var folder in Directory.EnumerateDirectories(suite, FolderPrefix + "*", SearchOption.AllDirectories))
        {
            var architecture = Path.GetFileName(folder)[FolderPrefix.Length..];
            if (File.Exists(Path.Combine(folder, Plain)))
                await ReadAsync(File.OpenRead(Path.Combine(folder, Plain)), architecture, wanted, found, cancellationToken).ConfigureAwait(false);
            else if (File.Exists(Path.Combine(folder, Gzipped)))
                await ReadAsync(new GZipStream(File.OpenRead(Path.Combine(folder, Gzipped)), CompressionMode.Decompress), architecture, wanted, found, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    private static async Task ReadAsync(
        Stream index, string architecture, HashSet<string> wanted, List<PublishedBinary> found, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(index);
        string? package = null, version = null;
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("Package: ", StringComparison.Ordinal))
                package = line["Package: ".Length..];
            else if (line.StartsWith("Version: ", StringComparison.Ordinal))
                version = line["Version: ".Length..];
            else if (line.Length == 0)
                End();
        }

        End();

        void End()
        {
            if (package is not null && version is not null && wanted.Contains(package))
                found.Add(new PublishedBinary(package, version, architecture));
            (package, version) = (null, null);
        }
    }
}
