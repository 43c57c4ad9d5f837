using System.Globalization;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Uploads.Checks;

/// <summary>What the build that made an upload was to make; each part that is null is not compared.</summary>
internal sealed record UploadTarget
{
    /// <summary>The architecture that was built for; a build of parts for <c>all</c> has it too.</summary>
    public string? Architecture { get; init; }

    /// <summary>The source package.</summary>
    public string? Source { get; init; }

    /// <summary>Its version.</summary>
    public string? SourceVersion { get; init; }

    /// <summary>The binary packages that the source builds; their debug symbols are accepted, too.</summary>
    public IReadOnlyList<string>? Binaries { get; init; }

    /// <summary>The suite that the <c>.changes</c> has to name.</summary>
    public string? Suite { get; init; }
}

/// <summary>What was found, and what there is to accept.</summary>
/// <param name="Findings">All that there is to say, warnings too.</param>
/// <param name="Upload">The upload; null when it is rejected.</param>
internal sealed record UploadCheckResult(IReadOnlyList<UploadFinding> Findings, PackageUpload? Upload)
{
    /// <summary>Who made the last change by the <c>.changes</c>, unchecked; null when it could not be read so far.</summary>
    public string? ChangedBy { get; init; }

    /// <summary>What the upload is of by the <c>.changes</c>, unchecked.</summary>
    public string? Names { get; init; }

    /// <summary>Its version by the <c>.changes</c>, unchecked.</summary>
    public string? Version { get; init; }
}

/// <summary>
/// Decides whether a leaf with packages may go into an archive: its <c>.changes</c>, each file that this lists, each package by
/// its own control file, and the whole against the build that made it. Everything that is wrong is found, not only the first
/// mistake; only a <c>.changes</c> that nobody can go by ends it early. Any thread may call.
/// </summary>
internal sealed class UploadCheck
{
    private const string Extension = ".changes";

    private readonly UploadPolicy _policy;
    private readonly TimeProvider _time;

    /// <summary>Makes a check.</summary>
    /// <param name="policy">What the archive takes; null for the defaults.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public UploadCheck(UploadPolicy? policy = null, TimeProvider? time = null)
    {
        _policy = policy ?? new UploadPolicy();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Checks the one <c>.changes</c> anywhere in a leaf. Nothing is changed.</summary>
    /// <param name="leaf">The leaf's folder.</param>
    /// <param name="target">What the build was to make.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="Linux.Processes.ProcessException"><c>dpkg-deb</c> can't be run.</exception>
    public async Task<UploadCheckResult> CheckAsync(string leaf, UploadTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        ArgumentNullException.ThrowIfNull(target);
        var findings = new FindingList();
        var files = LeafFiles.List(leaf, findings);
        var candidates = files.Where(path => path.EndsWith(Extension, StringComparison.Ordinal)).ToList();
        if (candidates is not [var path])
        {
            findings.Reject(null, candidates.Count == 0
                ? "There is no .changes"
                : $"There is more than one .changes: {string.Join(", ", candidates.Take(FindingList.MaxFindings).Select(Shown))}");
            return new UploadCheckResult(findings.Findings, null);
        }

        var fields = await new ChangesFields(_policy, findings).ReadAsync(path, cancellationToken).ConfigureAwait(false);
        var changes = fields.Changes;
        if (changes is null)
            return Result(null);

        WarnOfStrangers(path, files, changes, findings);
        var uploaded = await new UploadFiles(_policy, findings).CheckAsync(path, changes, cancellationToken).ConfigureAwait(false);
        UploadWhole.Check(changes, uploaded, target, findings);
        var binaries = await new BinaryCheck(_policy, findings, _time).CheckAsync(changes, uploaded, target, cancellationToken)
            .ConfigureAwait(false);
        await CheckBuildInfoAsync(changes, uploaded, findings, cancellationToken).ConfigureAwait(false);
        return Result(
            findings.IsRejected
                ? null
                : new PackageUpload { ChangesPath = path, Changes = changes, Files = uploaded, Binaries = binaries });

        UploadCheckResult Result(PackageUpload? upload) => new(findings.Findings, upload)
        {
            ChangedBy = fields.Paragraph?["Changed-By"],
            Names = fields.Paragraph?["Source"],
            Version = fields.Paragraph?["Version"],
        };
    }

    private static void WarnOfStrangers(string changesPath, IReadOnlyList<string> files, Changes changes, FindingList findings)
    {
        var listed = changes.Files.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
        var folder = Path.GetDirectoryName(changesPath);
        foreach (var file in files)
        {
            var name = Path.GetFileName(file);
            if (file != changesPath && name != WireNames.BuildLog && !(Path.GetDirectoryName(file) == folder && listed.Contains(name)))
                findings.Warn(name, "is in the leaf and not listed");
        }
    }

    private static async Task CheckBuildInfoAsync(
        Changes changes, IReadOnlyList<UploadedFile> files, FindingList findings, CancellationToken cancellationToken)
    {
        foreach (var file in files.Where(file => file.Kind == UploadFileKind.BuildInfo))
        {
            try
            {
                var paragraphs = await ControlReader.ReadFileAsync(file.Path, cancellationToken).ConfigureAwait(false);
                if (paragraphs is not [var paragraph])
                    findings.Reject(file.Name, "is not one paragraph");
                else if (paragraph["Version"] != changes.Version)
                    findings.Reject(
                        file.Name,
                        $"is of the version {FileName.Display(paragraph["Version"] ?? "")}, and the upload of {changes.Version}");
            }
            catch (ControlFileException e)
            {
                findings.Reject(
                    file.Name, string.Create(
                        CultureInfo.InvariantCulture, $"can't be read{(e.Line is { } line ? $", line {line}" : "")}: {e.Mistake}"));
            }
        }
    }

    private static string Shown(string path) => FileName.Display(Path.GetFileName(path));
}
