using Buildd.Master.Builds;
using Buildd.Master.Uploads.Checks;

namespace Buildd.Master;

/// <summary>The end of a build that <see cref="BuildMaster.RunOneAsync"/> has run, and the places of its results.</summary>
public sealed record FinishedBuild
{
    /// <summary>
    /// The build's record. It is <see cref="BuildState.Uploading"/> when the build was good and its results are here;
    /// <see cref="BuildState.NeedsBuild"/> when it came to nothing and may be tried again, with the cause in
    /// <see cref="Build.Reason"/>: the slave did not take it, lost it, failed, or gave it back. After
    /// <see cref="BuildState.ManualDepWait"/> the missing dependencies are in <see cref="Build.Dependencies"/>.
    /// </summary>
    public required Build Build { get; init; }

    /// <summary>The folder with the results, <c>incoming/LEAF/ARCHIVE/DISTRIBUTION</c> in the root; null when there are none.</summary>
    public required string? Folder { get; init; }

    /// <summary>The log, gzipped and without secrets; null when the slave had none.</summary>
    public required string? LogPath { get; init; }

    /// <summary>
    /// The findings of the check of packages, warnings included. They were compared with their own <c>.changes</c>. Empty for other kinds
    /// of build.
    /// </summary>
    public required IReadOnlyList<UploadFinding> Findings { get; init; }

    /// <summary>Whether the slave is clean and idle again. If not, the reason was logged; clean it before it gets more work.</summary>
    public required bool IsSlaveClean { get; init; }

    /// <summary>Whether the build was good and no check has rejected its results.</summary>
    public bool Succeeded => Build.State == BuildState.Uploading && Findings.All(finding => finding.IsWarning);
}
