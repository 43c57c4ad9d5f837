using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Leaves;
using Buildd.Master.Results;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>
/// The simplest upload processor: puts the results of a build into a folder of its own if they pass the checks, and makes the build
/// FULLYBUILT. One that is rejected is FAILEDTOUPLOAD, and stays in <c>incoming/</c>. For farms whose results somebody else publishes;
/// interrupted anywhere, it comes to the same end when it is called again.
/// </summary>
/// <param name="builds">The builds.</param>
/// <param name="folder">The place of the results: <c>COOKIE/</c> below it; made when missing.</param>
/// <param name="kinds">The kinds of job of the farm, as the master has them.</param>
public sealed class DirectoryUploadSink(IBuildRecords builds, string folder, IReadOnlyList<IJobKind> kinds) : IUploadSink
{
    private readonly KnownKinds _kinds = new(kinds, builds);
    private readonly LeafCheck _check = new(new UploadPolicy(), new DirectoryArchive(folder), TimeProvider.System);

    /// <inheritdoc/>
    public async Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var build = upload.Build;
        if (await FindMistakesAsync(upload, cancellationToken).ConfigureAwait(false) is { } mistakes)
        {
            await builds.ChangeAsync(build.Id, now => IsOf(now, build) ? now.UploadFailed(null, mistakes) : now, cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        var target = Directory.CreateDirectory(Path.Combine(folder, build.Cookie.ToString())).FullName;
        foreach (var path in Directory.EnumerateFiles(LeafFolders.ResultsIn(upload.Folder, build)))
        {
            var part = Path.Combine(target, ".part");
            File.Copy(path, part, overwrite: true);
            File.Move(part, Path.Combine(target, Path.GetFileName(path)), overwrite: true);
        }

        Durable.FlushFolder(target);
        await builds.ChangeAsync(build.Id, now => IsOf(now, build) ? now.Uploaded() : now, cancellationToken).ConfigureAwait(false);
        Directory.Delete(upload.Folder, recursive: true);
    }

    /// <summary>All reasons why the upload is rejected; null when it is accepted.</summary>
    private async Task<string?> FindMistakesAsync(LandedUpload upload, CancellationToken cancellationToken)
    {
        if (_kinds.KindOf(upload.Build) is not { } kind)
            return $"Nobody here knows what builds of the kind {upload.Build.JobType} leave.";
        var description = await _kinds.DescribeAsync(upload.Build, cancellationToken).ConfigureAwait(false);
        var check = await _check
            .CheckAsync(upload.Folder, upload.Build, kind.LeafContent, description, new UploadRun(), cancellationToken)
            .ConfigureAwait(false);
        return check.Accepted is null
            ? string.Join(' ', check.Findings.Where(finding => !finding.IsWarning).Select(finding => finding.Text))
            : null;
    }

    private static bool IsOf(Build now, Build told) => now.State == BuildState.Uploading && now.Leaf == told.Leaf;
}
