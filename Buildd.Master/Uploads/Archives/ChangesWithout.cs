using System.Text;

namespace Buildd.Master.Uploads.Archives;

/// <summary>A folder with an upload that lacks some of its files, for an archive program that can't take them.</summary>
/// <param name="folder">The folder; emptied first, and removed at the end.</param>
internal sealed class ChangesWithout(string folder) : IDisposable
{
    private static readonly string[] Lists = ["Files:", "Checksums-Sha1:", "Checksums-Sha256:"];

    /// <summary>Writes the <c>.changes</c> without some files, beside links to the others.</summary>
    /// <returns>Its path.</returns>
    internal async Task<string> WriteAsync(AcceptedUpload upload, IReadOnlySet<string> without, CancellationToken cancellationToken)
    {
        Clear();
        Directory.CreateDirectory(folder);
        foreach (var file in upload.Files.Where(file => !without.Contains(file.File.Name)))
            File.CreateSymbolicLink(Path.Combine(folder, file.File.Name), Path.GetFullPath(file.Path));
        var path = Path.Combine(folder, Path.GetFileName(upload.ChangesPath!));
        // Latin-1 has a character for every byte: the others stay as they are, whatever they mean.
        var text = await File.ReadAllTextAsync(upload.ChangesPath!, Encoding.Latin1, cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(path, Strip(text, without), Encoding.Latin1, cancellationToken).ConfigureAwait(false);
        return path;
    }

    public void Dispose() => Clear();

    /// <summary>The text without the lines of the lists of files that name one of these.</summary>
    internal static string Strip(string changes, IReadOnlySet<string> names)
    {
        var kept = new StringBuilder();
        var isInList = false;
        foreach (var line in changes.Split('\n'))
        {
            if (line.Length > 0 && line[0] is not (' ' or '\t'))
                isInList = Lists.Any(list => line.StartsWith(list, StringComparison.OrdinalIgnoreCase));
            if (!isInList || !names.Contains(line.TrimEnd()[(line.TrimEnd().LastIndexOf(' ') + 1)..]))
                kept.Append(line).Append('\n');
        }

        return kept.ToString(0, kept.Length - 1);
    }

    private void Clear()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
