using Buildd.Protocol;

namespace Buildd.Master.Builds;

/// <summary>
/// A build, as it is at one moment: what is to be built, and how far that has got. A record never changes; the methods of
/// <see cref="BuildTransitions"/> give the next one, and <see cref="IBuildRecords.TryReplaceAsync"/> stores it if nobody
/// else was faster.
/// </summary>
public sealed record Build
{
    /// <summary>The number, given by the store; ascending in the order in which builds were added, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>
    /// The version of this record: another one with each change, ascending over all builds of the store, so that it orders
    /// changes too. Given by the store. From 1.
    /// </summary>
    public required long Revision { get; init; }

    /// <inheritdoc cref="NewBuild.JobType"/>
    public required string JobType { get; init; }

    /// <inheritdoc cref="NewBuild.Manager"/>
    public required string Manager { get; init; }

    /// <inheritdoc cref="NewBuild.Title"/>
    public required string Title { get; init; }

    /// <inheritdoc cref="NewBuild.Subject"/>
    public string Subject { get; init; } = "";

    /// <inheritdoc cref="NewBuild.Owner"/>
    public string Owner { get; init; } = "";

    /// <inheritdoc cref="NewBuild.Archive"/>
    public required string Archive { get; init; }

    /// <inheritdoc cref="NewBuild.Distribution"/>
    public required string Distribution { get; init; }

    /// <inheritdoc cref="NewBuild.Processor"/>
    public string? Processor { get; init; }

    /// <inheritdoc cref="NewBuild.Virtualized"/>
    public bool Virtualized { get; init; }

    /// <inheritdoc cref="NewBuild.Resources"/>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>How far it is.</summary>
    public required BuildState State { get; init; }

    /// <summary>Its place in the queue; null when it has left it.</summary>
    public QueueState? Queue { get; init; }

    /// <summary>The higher, the earlier. Kept when the build comes back into the queue.</summary>
    public int Score { get; init; }

    /// <summary>Whether a person set the score: automatic scoring then leaves it alone.</summary>
    public bool ScoredByHand { get; init; }

    /// <inheritdoc cref="NewBuild.EstimatedDuration"/>
    public TimeSpan EstimatedDuration { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it came into the queue, the last time: what its age is counted from. Kept when a builder loses it.</summary>
    public required DateTimeOffset Queued { get; init; }

    /// <summary>Not to be dispatched before; null when at once. Set when it is put back for a later try.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When the current or last attempt was dispatched; null when it waits.</summary>
    /// <remarks>Differs: the reference keeps the first attempt's, so that durations include attempts that were lost.</remarks>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it was dispatched the first time ever, retries included.</summary>
    public DateTimeOffset? FirstDispatched { get; init; }

    /// <summary>When the builder's part ended, as the master saw it.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>
    /// The builder's name: of a queued build the one that has it (none when it waits), of one that has left the queue
    /// the one that built it.
    /// </summary>
    public string? Builder { get; init; }

    /// <summary>How many times it was dispatched, retries included: 0 before the first. Its log is kept by this number.</summary>
    public int Attempt { get; init; }

    /// <summary>How many failures were laid to it, see <c>docs/farm.md</c>. Zeroed by a retry only.</summary>
    public int Failures { get; init; }

    /// <summary>How many times in a row a builder gave it back (GIVENBACK). Zeroed by a retry.</summary>
    public int GivenBack { get; init; }

    /// <summary>When a person asked to stop it; null when nobody did.</summary>
    public DateTimeOffset? CancelRequested { get; init; }

    /// <summary>
    /// The name of the folder that its results are gathered into, first below <c>grabbing/</c>, then with one rename below
    /// <c>incoming/</c>; null before <see cref="BuildState.Gathering"/>. A folder in <c>incoming/</c> is this build's
    /// upload only when it has exactly this name and the build is <see cref="BuildState.Uploading"/>: until then leave it.
    /// </summary>
    public string? Leaf { get; init; }

    /// <summary>The name of the stored log, gzipped, of the last attempt that has ended; null when there is none.</summary>
    public string? LogName { get; init; }

    /// <summary>The name of the stored log of processing its upload; null when there is none.</summary>
    public string? UploadLogName { get; init; }

    /// <summary>In <see cref="BuildState.ManualDepWait"/>, what can't be met, as Debian writes relations; else empty.</summary>
    public string Dependencies { get; init; } = "";

    /// <summary>Why it is where it is, one sentence for people; null when that is obvious. Holds no secrets.</summary>
    public string? Reason { get; init; }

    /// <summary>The results: from <see cref="BuildState.Uploading"/> on what was gathered, then what was accepted.</summary>
    public IReadOnlyList<BuildFile> Files { get; init; } = [];

    /// <summary>Its name between master and slave, unique for ever: <c>JOBTYPE-ID</c>, such as <c>PACKAGEBUILD-22</c>.</summary>
    public BuildCookie Cookie => new(JobType, Id);

    /// <summary>How long the builder's part took, as the master saw it; null while it is not known.</summary>
    public TimeSpan? Duration => Finished - Started;

    /// <summary>Cookie, state and title.</summary>
    public override string ToString() => $"{Cookie} ({State.ToName()}): {Title}";
}

/// <summary>A file that a build left.</summary>
/// <param name="Name">A plain file name.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Sha1">Its SHA-1.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal.</param>
public sealed record BuildFile(string Name, long Size, Sha1 Sha1, string Sha256);
