using Buildd.Master.Uploads.Checks;

namespace Buildd.Master.Uploads;

/// <summary>How uploads are processed.</summary>
public sealed record UploadProcessorOptions
{
    /// <summary>The folder that holds <c>incoming/</c> and the others.</summary>
    public required string Root { get; init; }

    /// <summary>What the archive takes.</summary>
    public UploadPolicy Policy { get; init; } = new();

    /// <summary>
    /// Where the logs of uploads that failed are kept, as <c>upload_ID_log.txt</c>; null, the default, for <c>upload-logs</c> in
    /// the root.
    /// </summary>
    public string? LogFolder { get; init; }

    /// <summary>How long to wait for another process that is at work in the same root; not at all by default.</summary>
    public TimeSpan LockWait { get; init; }
}

/// <summary>What one run of the upload processor is to do.</summary>
public sealed record UploadRun
{
    /// <summary>Only this leaf of <c>incoming/</c> (<c>-J</c>); null, the default, for all.</summary>
    public string? Leaf { get; init; }

    /// <summary>
    /// The build that the leaf is of (<c>-b</c>); null, the default, for the one that its name says. Needs <see cref="Leaf"/>.
    /// </summary>
    public long? BuildId { get; init; }

    /// <summary>
    /// The suite that the upload is for (<c>-s</c>, <c>-r</c>); what the build was for has to be the same. Null, the default, for that.
    /// </summary>
    public string? Series { get; init; }

    /// <summary>The distribution (<c>-d</c>); what the build was for has to be the same. Null, the default, for that.</summary>
    public string? Distribution { get; init; }

    /// <summary>Whether no mail is sent (<c>-M</c>), about the upload and about the build.</summary>
    /// <remarks>Differs: in the reference it does not stop the mail about the build.</remarks>
    public bool NoMails { get; init; }

    /// <summary>Whether leaves stay where they are (<c>-K</c>).</summary>
    public bool Keep { get; init; }

    /// <summary>Whether leaves are only checked (<c>-n</c>): nothing at all is changed, and nobody told.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What became of one leaf.</summary>
public sealed record ProcessedLeaf
{
    /// <summary>Its name in <c>incoming/</c>.</summary>
    public required string Leaf { get; init; }

    /// <summary>What became of it; in a dry run, what would.</summary>
    public required UploadOutcome Outcome { get; init; }

    /// <summary>The build; null when none was found.</summary>
    public Builds.Build? Build { get; init; }

    /// <summary>What the checks said, warnings too.</summary>
    public IReadOnlyList<UploadFinding> Findings { get; init; } = [];

    /// <summary>Why it was skipped or failed, in one sentence; null when the findings say it, or all is well.</summary>
    public string? Reason { get; init; }

    /// <summary>Where it is now; null when it is gone.</summary>
    public string? Folder { get; init; }
}
