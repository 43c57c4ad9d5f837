using Buildd.Master.Builds;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Results;

/// <summary>
/// The simplest upload processor: puts what was built into a folder per build, if it is what its <c>.changes</c> says, and
/// makes the build FULLYBUILT. What is not is FAILEDTOUPLOAD, and stays in <c>incoming/</c>. For farms whose results somebody else publishes;
/// interrupted anywhere, it comes to the same when it is told again.
/// </summary>
/// <param name="builds">The builds.</param>
/// <param name="folder">Where results go: <c>COOKIE/</c> below it; made when missing.</param>
public sealed class DirectoryUploadSink(IBuildRecords builds, string folder) : IUploadSink
{
    /// <inheritdoc/>
    public async Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var build = upload.Build;
        var results = Path.Combine(upload.Folder, build.Archive, build.Distribution);
        var hasChanges = build.Manager is WireNames.Managers.BinaryPackage or WireNames.Managers.SourcePackageRecipe;
        var findings = hasChanges ? await ChangesCheck.CheckAsync(results, Fetched(build), cancellationToken).ConfigureAwait(false) : [];
        if (findings.Count > 0)
        {
            var reason = string.Join(' ', findings.Select(finding => finding.Text));
            await builds.ChangeAsync(build.Id, now => IsOf(now, build) ? now.UploadFailed(null, reason) : now, cancellationToken).ConfigureAwait(false);
            return;
        }

        var target = Directory.CreateDirectory(Path.Combine(folder, build.Cookie)).FullName;
        foreach (var path in Directory.EnumerateFiles(results))
        {
            var part = Path.Combine(target, ".part");
            File.Copy(path, part, overwrite: true);
            File.Move(part, Path.Combine(target, Path.GetFileName(path)), overwrite: true);
        }

        Durable.FlushFolder(target);
        await builds.ChangeAsync(build.Id, now => IsOf(now, build) ? now.Uploaded() : now, cancellationToken).ConfigureAwait(false);
        Directory.Delete(upload.Folder, recursive: true);
    }

    private static bool IsOf(Build now, Build told) => now.State == BuildState.Uploading && now.Leaf == told.Leaf;

    private static List<FetchedFile> Fetched(Build build) =>
        [.. build.Files.Select(file => new FetchedFile { Name = file.Name, Size = file.Size, Sha1 = file.Sha1, Sha256 = file.Sha256 })];
}
