using Buildd.Debian.Versions;
using Buildd.Linux.Files;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Master.Uploads;

/// <summary>
/// Compares the packages of an upload with those of their names that are published: a source takes none away from another source, and
/// nothing older replaces what is newer.
/// </summary>
internal sealed class PublishedCheck(UploadPolicy policy, IArchive archive, FindingList findings)
{
    /// <summary>Checks all packages of one upload.</summary>
    /// <param name="upload">The upload; all else in it is right.</param>
    /// <param name="distribution">The distribution that it is for.</param>
    /// <param name="suite">The suite that it is for.</param>
    /// <param name="description">The build that made it.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public async Task CheckAsync(
        PackageUpload upload, string distribution, string suite, BuildDescription description, CancellationToken cancellationToken)
    {
        if (upload.Binaries.Count == 0)
            return;
        var names = upload.Binaries.Select(binary => binary.Package).Distinct(StringComparer.Ordinal).ToList();
        var published = new List<(string Suite, PublishedBinary Binary)>();
        // Who has one suite of a series among the sources installs from the others as well, whatever the version.
        foreach (var one in Pockets.SuitesOf(description.Series ?? suite).Append(suite).Distinct())
        {
            var found = await archive.FindPublishedAsync(distribution, one, names, cancellationToken).ConfigureAwait(false);
            published.AddRange(found.Select(binary => (one, binary)));
        }

        var byName = published.ToLookup(one => one.Binary.Package, StringComparer.Ordinal);
        foreach (var binary in upload.Binaries)
        {
            CheckSource(binary, [.. byName[binary.Package]], description.Binaries is not null);
            if (description.Purpose != ArchivePurpose.Copy)
                CheckVersion(binary, byName[binary.Package].Where(one => one.Suite == suite).Select(one => one.Binary), suite);
        }
    }

    private void CheckSource(UploadedBinary binary, IReadOnlyList<(string Suite, PublishedBinary Binary)> published, bool isNamed)
    {
        var (package, source) = (binary.Package, binary.Source);
        var others = published.Where(one => one.Binary.Source != source).ToList();
        if (others.Count > 0 && !policy.Takeovers.Any(takeover => takeover.Allows(package, source)))
            findings.Reject(
                binary.File.Name,
                $"is of the package {package}, which the source {FileName.Display(others[0].Binary.Source)} has published in "
                    + $"{others[0].Suite}: {source} may not replace it unless the administrator allows it (Takeovers)");
        else if (!isNamed && others.Count == published.Count)
            findings.Reject(
                binary.File.Name,
                $"is of the package {package}, and which packages {source} builds was not written down when the build was queued: "
                    + "nobody knows whether it is one of them, so queue the build again");
    }

    private void CheckVersion(UploadedBinary binary, IEnumerable<PublishedBinary> published, string suite)
    {
        var version = DebianVersion.Parse(binary.Version);
        var newest = published
            .Where(other => binary.Architecture == "all" || other.Architecture == binary.Architecture)
            .Select(other => other.Version is { } text ? DebianVersion.TryParse(text) : null).OfType<DebianVersion>()
            .Where(other => other.CompareTo(version) > 0)
            .MaxBy(other => other, Comparer<DebianVersion>.Create((a, b) => a.CompareTo(b)));
        if (newest is not null)
            findings.Reject(binary.File.Name, $"is older than {newest}, which is published in {suite}");
    }
}
