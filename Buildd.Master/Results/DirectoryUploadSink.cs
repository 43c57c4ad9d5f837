using Buildd.Master.Builds;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Results;

/// <summary>
/// The simplest upload processor: puts what was built into a folder per build, if packages pass <see cref="UploadCheck"/>, and
/// makes the build FULLYBUILT. What is not is FAILEDTOUPLOAD, and stays in <c>incoming/</c>. For farms whose results somebody else publishes;
/// interrupted anywhere, it comes to the same when it is told again.
/// </summary>
/// <param name="builds">The builds.</param>
/// <param name="folder">Where results go: <c>COOKIE/</c> below it; made when missing.</param>
public sealed class DirectoryUploadSink(IBuildRecords builds, string folder) : IUploadSink
{
    private readonly UploadCheck _check = new();

    /// <inheritdoc/>
    public async Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var build = upload.Build;
        var results = Path.Combine(upload.Folder, build.Archive, build.Distribution);
        var findings = build.Manager == WireNames.Managers.BinaryPackage
            ? (await _check.CheckAsync(upload.Folder, new UploadTarget(), cancellationToken).ConfigureAwait(false)).Findings
            : [];
        var mistakes = findings.Where(finding => !finding.IsWarning).ToList();
        if (mistakes.Count > 0)
        {
            var reason = string.Join(' ', mistakes.Select(mistake => mistake.Text));
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
}
