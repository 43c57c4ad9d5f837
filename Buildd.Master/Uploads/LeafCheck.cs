using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>What the checks of a leaf came to.</summary>
/// <param name="Findings">All that was found.</param>
/// <param name="Accepted">What to hand to the archive; null when it is rejected.</param>
/// <param name="Rejection">What to tell the maker; null when there is nobody to tell.</param>
internal sealed record LeafCheckResult(IReadOnlyList<UploadFinding> Findings, AcceptedUpload? Accepted, UploadRejection? Rejection);

/// <summary>Checks a leaf against its build and the archive. Changes nothing.</summary>
internal sealed class LeafCheck(UploadPolicy policy, IArchive archive, TimeProvider time)
{
    /// <summary>The suite of files whose build is for none.</summary>
    private const string UnknownSuite = "unsorted";

    /// <summary>Examines and judges a leaf.</summary>
    /// <inheritdoc cref="ExamineAsync"/>
    public async Task<LeafCheckResult> CheckAsync(
        string folder, Build build, LeafContent content, BuildDescription? description, UploadRun run, CancellationToken cancellationToken)
    {
        var examined = await ExamineAsync(folder, build, content, description, run, cancellationToken).ConfigureAwait(false);
        return await JudgeAsync(examined, build, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Examines a leaf, without asking the archive. Any number may be examined at a time.</summary>
    /// <param name="folder">The leaf.</param>
    /// <param name="build">Its build.</param>
    /// <param name="content">What the build's kind of job leaves.</param>
    /// <param name="description">The build's description; without one the leaf is rejected.</param>
    /// <param name="run">What the caller says of the upload.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ExaminedLeaf> ExamineAsync(
        string folder, Build build, LeafContent content, BuildDescription? description, UploadRun run, CancellationToken cancellationToken)
    {
        var findings = new FindingList();
        if (description is null)
            findings.Reject(null, "There is no description of the build, without which its upload can't be checked");
        else if (content == LeafContent.Packages)
            RequireAll(description, findings);
        var isDescribed = !findings.IsRejected;
        description ??= new BuildDescription();
        if (run.Series is { } series && description.Suite is var suite && series != suite && series != description.Series)
            findings.Reject(null, $"The upload is said to be for {series}, and the build was for {suite ?? "no suite that is known"}");
        if (run.Distribution is { } distribution && distribution != build.Distribution)
            findings.Reject(null, $"The upload is said to be for {distribution}, and the build was for {build.Distribution}");
        var examined = new ExaminedLeaf
        {
            BuildId = build.Id,
            Description = description,
            IsDescribed = isDescribed,
            Findings = findings,
        };
        switch (content)
        {
            case LeafContent.Packages:
                var target = new UploadTarget
                {
                    Architecture = description.Architecture,
                    Source = description.Name,
                    SourceVersion = description.Version,
                    Binaries = description.Binaries,
                };
                var packages = await new UploadCheck(policy, time).CheckAsync(folder, target, cancellationToken).ConfigureAwait(false);
                return examined with { Packages = packages };
            case LeafContent.Files:
                return examined with { Files = await ReadFilesAsync(folder, findings, cancellationToken).ConfigureAwait(false) };
            default:
                throw new ArgumentOutOfRangeException(nameof(content), content, "There is no such content of a leaf.");
        }
    }

    /// <summary>Compares an examined leaf with what the archive has, one after the other: what one is, the next is compared with.</summary>
    /// <param name="examined">The leaf.</param>
    /// <param name="build">Its build as it is now.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<LeafCheckResult> JudgeAsync(ExaminedLeaf examined, Build build, CancellationToken cancellationToken)
    {
        var (before, description) = (examined.Findings, examined.Description);
        var suite = description.Suite ?? UnknownSuite;
        if (examined.Packages is not { } result)
        {
            var upload = new AcceptedUpload { Build = build, Suite = suite, Files = examined.Files };
            return new LeafCheckResult(before.Findings, before.IsRejected ? null : upload, null);
        }

        if (result.Upload is { } good && examined.IsDescribed)
            await new PublishedCheck(policy, archive, before)
                .CheckAsync(good, build.Distribution, suite, description, cancellationToken).ConfigureAwait(false);
        UploadFinding[] findings = [.. result.Findings, .. before.Findings];
        var isAccepted = result.Upload is not null && !before.IsRejected;
        return new LeafCheckResult(
            findings,
            isAccepted ? Accept(result.Upload!, build, suite, description.Component) : null,
            isAccepted || result.ChangedBy is not { } maker
                ? null
                : new UploadRejection(
                    maker, result.Names ?? "", result.Version ?? "", suite, [.. findings.Select(finding => finding.ToString())]));
    }

    /// <summary>
    /// A component that a section names counts more than the source's. Files without a package among them can't be attached to the build.
    /// </summary>
    private static AcceptedUpload Accept(PackageUpload upload, Build build, string suite, string? component) => new()
    {
        Build = build,
        Suite = suite,
        Component = upload.Files.All(file => file.Component == "main") ? component : null,
        ChangesPath = upload.ChangesPath,
        Files = upload.Binaries.Count == 0
            ? []
            : [.. upload.Files.Select(file => new BuiltFile(new BuildFile(file.Name, file.Size, file.Sha1, file.Sha256), file.Path))],
    };

    /// <summary>Rejects an upload that could only be checked in part.</summary>
    private static void RequireAll(BuildDescription description, FindingList findings)
    {
        (string Part, string? Value)[] parts =
        [
            ("source package", description.Name), ("version", description.Version),
            ("architecture", description.Architecture), ("series", description.Series),
        ];
        var missing = parts.Where(part => string.IsNullOrEmpty(part.Value)).Select(part => part.Part).ToList();
        if (missing.Count == 0)
            return;
        var what = string.Join(", no ", missing);
        findings.Reject(null, $"The description of the build has no {what}, without which its upload can't be checked");
    }

    /// <summary>A leaf of files: each file in any subfolder, by its own name; those directly in the leaf are ours.</summary>
    private static async Task<IReadOnlyList<BuiltFile>> ReadFilesAsync(
        string folder, FindingList findings, CancellationToken cancellationToken)
    {
        var files = new List<BuiltFile>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in LeafFiles.List(folder, findings).Where(path => Path.GetDirectoryName(path) != folder))
        {
            var name = Path.GetFileName(path);
            if (FileName.FindMistake(name) is { } mistake)
            {
                findings.Reject(name, $"has a name that is refused: {mistake}");
                continue;
            }

            if (!names.Add(name))
                findings.Reject(name, "is there more than once");
            var sums = await FileSums.OfAsync(path, cancellationToken).ConfigureAwait(false);
            files.Add(new BuiltFile(new BuildFile(name, sums.Size, sums.Sha1, sums.Sha256), path));
        }

        return files;
    }
}
