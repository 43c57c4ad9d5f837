using System.Security.Cryptography;
using Buildd.Debian;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;

namespace Buildd.Master.Results;

/// <summary>
/// Checks that a leaf is what its <c>.changes</c> says: every listed file is there, with the listed size and SHA-256.
/// That is the first part of what an upload is judged by; what the packages hold is not looked at. Any thread may call.
/// </summary>
public static class ChangesCheck
{
    private const string Extension = ".changes";

    /// <summary>Checks the one <c>.changes</c> that lies directly in the folder.</summary>
    /// <param name="leaf">The folder.</param>
    /// <param name="fetched">
    /// The files that were just fetched into it, with the sums computed then; others are read again. None by default.
    /// </param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>All that is wrong; empty when nothing is.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public static async Task<IReadOnlyList<Finding>> CheckAsync(
        string leaf, IReadOnlyList<FetchedFile>? fetched = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        var candidates = Directory.GetFiles(leaf)
            .Where(path => path.EndsWith(Extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        if (candidates is not [var path])
        {
            return candidates.Length == 0
                ? [new Finding(FindingKind.NoChanges, null, "There is no .changes.")]
                : [new Finding(FindingKind.SeveralChanges, null,
                    $"There is more than one .changes: {string.Join(", ", candidates.Select(Shown))}.")];
        }

        Changes changes;
        try
        {
            changes = await Changes.ReadFileAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (ControlFileException exception)
        {
            var place = exception.Line is { } line ? $", line {line}" : "";
            return [new Finding(FindingKind.MalformedChanges, Path.GetFileName(path),
                $"{Shown(path)}{place}: {exception.Mistake}.")];
        }

        var sums = (fetched ?? []).ToDictionary(file => file.Name, file => file.Sha256, StringComparer.Ordinal);
        var findings = new List<Finding>();
        foreach (var listed in changes.Files)
        {
            if (await CheckAsync(leaf, listed, sums, cancellationToken).ConfigureAwait(false) is { } finding)
                findings.Add(finding);
        }

        return findings;
    }

    private static async Task<Finding?> CheckAsync(
        string leaf, ListedFile listed, Dictionary<string, string> sums, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(leaf, FileName.Check(listed.Name)));
        if (!Path.Exists(file.FullName) && file.LinkTarget is null)
            return Wrong(FindingKind.Missing, "is listed and isn't there");
        if (!IsPlain(file))
            return Wrong(FindingKind.NotAFile, "is no plain file");
        if (file.Length != listed.Size)
            return Wrong(FindingKind.WrongSize, $"has {file.Length} bytes, and {listed.Size} are listed");
        if (listed.Sha256 is null)
            return Wrong(FindingKind.NoSha256, "is listed without a SHA-256");
        var sum = sums.GetValueOrDefault(listed.Name)
            ?? await SumAsync(file.FullName, cancellationToken).ConfigureAwait(false);
        return sum == listed.Sha256 ? null : Wrong(FindingKind.WrongSha256, $"has the SHA-256 {sum}, and {listed.Sha256} is listed");

        Finding Wrong(FindingKind kind, string what) => new(kind, listed.Name, $"{FileName.Display(listed.Name)} {what}.");
    }

    /// <summary>Neither a folder nor a link (which could lead out of the leaf) nor a device or pipe.</summary>
    private static bool IsPlain(FileInfo file) =>
        (file.Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint | FileAttributes.Device)) == 0;

    private static async Task<string> SumAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    private static string Shown(string path) => FileName.Display(Path.GetFileName(path));
}
