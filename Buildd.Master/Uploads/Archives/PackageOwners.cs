using System.Runtime.CompilerServices;
using Buildd.Linux.Files;

namespace Buildd.Master.Uploads.Archives;

/// <summary>
/// An index of the packages in the uploads of a suite, a small file for each package, so that an upload costs the same however many there
/// are already. The uploads count: where the index does not fit them any more, they are looked through. For one writer at a time.
/// </summary>
/// <param name="uploads">The folder with a folder for each upload.</param>
/// <param name="index">The folder of the index. An archive that was made without one gets it with its next upload.</param>
/// <param name="sourceOf">Reads the name of the source from the folder of an upload.</param>
internal sealed class PackageOwners(string uploads, string index, Func<string, CancellationToken, Task<string>> sourceOf)
{
    /// <summary>Finds packages by their names. Writes nothing.</summary>
    public async Task<IReadOnlyList<PublishedBinary>> FindAsync(IReadOnlyCollection<string> packages, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(uploads))
            return [];
        var found = new List<PublishedBinary>();
        var unsure = new HashSet<string>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            if (!Directory.Exists(index) || Read(package) is not { } entries || !entries.TrueForAll(entry => IsThere(package, entry)))
                unsure.Add(package);
            else
                found.AddRange(entries.Select(entry => new PublishedBinary(package, entry.Source, null, entry.Architecture)));
        }

        if (unsure.Count > 0)
        {
            await foreach (var (package, entry) in ScanAsync(unsure.Contains, cancellationToken).ConfigureAwait(false))
                found.Add(new PublishedBinary(package, entry.Source, null, entry.Architecture));
        }

        return found;
    }

    /// <summary>Notes an upload that is in its place. Done again it comes to the same.</summary>
    /// <param name="upload">The name of the upload's folder.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The index can't be written.</exception>
    public async Task NoteAsync(string upload, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(index))
        {
            await MakeAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var isNew = false;
        var folder = Path.Combine(uploads, upload);
        var binaries = BinariesOf(folder);
        if (binaries.Count == 0)
            return;
        var source = await sourceOf(folder, cancellationToken).ConfigureAwait(false);
        foreach (var (package, architecture) in binaries)
        {
            isNew |= !File.Exists(PathOf(package));
            var others = (Read(package) ?? [])
                .Where(entry => (entry.Source, entry.Architecture) != (source, architecture) && IsThere(package, entry));
            Write(PathOf(package), [.. others, new Entry(source, architecture, upload)]);
        }

        // What else a power failure may take is an entry's text: without it the uploads are looked through.
        if (isNew)
            Durable.FlushFolder(index);
    }

    private static IReadOnlyList<(string Package, string Architecture)> BinariesOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
            .Where(name => Path.GetExtension(name) is ".deb" or ".udeb" or ".ddeb")
            .Select(name => Path.GetFileNameWithoutExtension(name).Split('_'))
            .Where(parts => parts.Length == 3) // PACKAGE_VERSION_ARCHITECTURE
            .Select(parts => (parts[0], parts[2])),
    ];

    private static void Write(string path, IReadOnlyList<Entry> entries)
    {
        var next = Path.Combine(Path.GetDirectoryName(path)!, ".new"); // the others begin with an underscore
        File.WriteAllLines(next, entries.Select(entry => $"{entry.Source} {entry.Architecture} {entry.Upload}"));
        File.Move(next, path, overwrite: true);
    }

    private string PathOf(string package) => Path.Combine(index, "_" + FileName.Check(package));

    /// <summary>The entries of a package; none where it has no file, and null where that can't be understood.</summary>
    private List<Entry>? Read(string package)
    {
        if (!File.Exists(PathOf(package)))
            return [];
        var entries = new List<Entry>();
        foreach (var line in File.ReadAllLines(PathOf(package)))
        {
            if (line.Split(' ') is not [var source, var architecture, var upload] || FileName.FindMistake(upload) is not null)
                return null;
            entries.Add(new Entry(source, architecture, upload));
        }

        return entries.Count == 0 ? null : entries;
    }

    private bool IsThere(string package, Entry entry) =>
        Path.Combine(uploads, entry.Upload) is var folder && Directory.Exists(folder)
        && BinariesOf(folder).Contains((package, entry.Architecture));

    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        var next = index + ".new";
        if (Directory.Exists(next))
            Directory.Delete(next, recursive: true);
        Directory.CreateDirectory(next);
        var known = new Dictionary<string, List<Entry>>(StringComparer.Ordinal);
        await foreach (var (package, entry) in ScanAsync(_ => true, cancellationToken).ConfigureAwait(false))
        {
            if (!known.TryGetValue(package, out var entries))
                known[package] = entries = [];
            entries.RemoveAll(other => (other.Source, other.Architecture) == (entry.Source, entry.Architecture));
            entries.Add(entry);
        }

        foreach (var (package, entries) in known)
            Write(Path.Combine(next, "_" + FileName.Check(package)), entries);
        Durable.FlushFolder(next);
        Directory.Move(next, index);
        Durable.FlushFolder(Path.GetDirectoryName(index)!);
    }

    private async IAsyncEnumerable<(string Package, Entry Entry)> ScanAsync(
        Func<string, bool> isWanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var folder in Directory.EnumerateDirectories(uploads).Where(path => Path.GetFileName(path)[0] != '.'))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var binaries = BinariesOf(folder).Where(binary => isWanted(binary.Package)).ToList();
            if (binaries.Count == 0)
                continue;
            var source = await sourceOf(folder, cancellationToken).ConfigureAwait(false);
            foreach (var (package, architecture) in binaries)
                yield return (package, new Entry(source, architecture, Path.GetFileName(folder)));
        }
    }

    /// <summary>A package in an upload.</summary>
    private sealed record Entry(string Source, string Architecture, string Upload);
}
