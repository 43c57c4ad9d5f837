using Buildd.Linux.Files;

namespace Buildd.Master.Builds;

/// <summary>
/// The ways from one state of a build to the next. Each method gives the build as it is then, or throws when there is no
/// such way; nothing is stored. What a change does besides, such as setting times, is done here and nowhere else.
/// </summary>
public static class BuildTransitions
{
    /// <summary>
    /// Whether a build may go from one state to another. To the same state it always may. Differs: an upload that failed can
    /// be processed again (<see cref="BuildState.FailedToUpload"/> to <see cref="BuildState.FullyBuilt"/>), as archive
    /// administrators' instructions have it; and a source may be superseded while its results are gathered.
    /// </summary>
    internal static bool IsAllowed(BuildState from, BuildState to) => from == to || (from, to) switch
    {
        (BuildState.NeedsBuild or BuildState.Building, _) => true,
        (BuildState.Gathering, BuildState.NeedsBuild or BuildState.FailedToBuild or BuildState.Uploading or BuildState.Superseded) => true,
        (BuildState.Uploading, BuildState.FullyBuilt or BuildState.FailedToUpload or BuildState.Superseded) => true,
        (BuildState.Cancelling, BuildState.Cancelled) => true,
        (BuildState.FailedToUpload, BuildState.FullyBuilt) => true,
        (BuildState.FailedToBuild or BuildState.ManualDepWait or BuildState.ChrootWait or BuildState.FailedToUpload
            or BuildState.Cancelled, BuildState.NeedsBuild) => true,
        _ => false,
    };

    /// <summary>Whether it may be dispatched now, as far as the build is concerned.</summary>
    internal static bool IsReady(this Build build, DateTimeOffset now) =>
        build is { Queue: QueueState.Waiting, State: BuildState.NeedsBuild } && !(build.NotBefore > now);

    /// <summary>Taken for a builder: a new attempt.</summary>
    /// <exception cref="BuildStateException">It doesn't wait.</exception>
    public static Build Dispatched(this Build build, string builder, DateTimeOffset now) =>
        build is { Queue: QueueState.Waiting, State: BuildState.NeedsBuild }
            ? build with
            {
                State = BuildState.Building,
                Queue = QueueState.Running,
                Builder = builder,
                Attempt = build.Attempt + 1,
                Started = now,
                FirstDispatched = build.FirstDispatched ?? now,
                Finished = null,
                NotBefore = null,
                Leaf = null,
                LogName = null,
                Files = [],
                Dependencies = "",
                Reason = null,
            }
            : throw Refused(build, "be dispatched");

    /// <summary>
    /// Back into the queue from a builder. A build that is to be cancelled is cancelled instead, as it is never tried again.
    /// </summary>
    /// <param name="build">The build.</param>
    /// <param name="now">The time.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="delay">How long it must wait at least; none by default.</param>
    /// <exception cref="BuildStateException">No builder has it.</exception>
    public static Build Requeued(this Build build, DateTimeOffset now, string? reason, TimeSpan delay = default)
    {
        if (build.State == BuildState.Cancelling)
            return build.Ended(BuildState.Cancelled, now, reason: reason);
        return build.State is BuildState.Building or BuildState.Gathering
            ? build with
            {
                State = BuildState.NeedsBuild,
                Queue = QueueState.Waiting,
                Builder = null,
                Started = null,
                Leaf = null,
                NotBefore = delay > TimeSpan.Zero ? now + delay : null,
                Reason = reason,
            }
            : throw Refused(build, "go back into the queue");
    }

    /// <summary>
    /// The builder has built it, and its results are about to be fetched into a leaf of this name. Stored before the first
    /// byte comes, so that a master that restarts knows the one place to look.
    /// </summary>
    /// <exception cref="BuildStateException">It isn't being built.</exception>
    /// <exception cref="FileNameException">The name can't be a folder's.</exception>
    public static Build GatheringInto(this Build build, string leaf) => build.State == BuildState.Building
        ? build with { State = BuildState.Gathering, Leaf = FileName.Check(leaf) }
        : throw Refused(build, "be gathered");

    /// <summary>Its leaf is in <c>incoming/</c>: it leaves the queue, its builder is free, and the upload processor may have it.</summary>
    /// <exception cref="BuildStateException">It isn't being gathered.</exception>
    public static Build HandedOver(this Build build, IReadOnlyList<BuildFile> files, DateTimeOffset now) =>
        build.State == BuildState.Gathering
        ? build with { State = BuildState.Uploading, Queue = null, Finished = build.Finished ?? now, Files = files, Reason = null }
        : throw Refused(build, "be handed over");

    /// <summary>Over, without results: it leaves the queue.</summary>
    /// <param name="build">The build.</param>
    /// <param name="state">
    /// <see cref="BuildState.FailedToBuild"/>, <see cref="BuildState.ManualDepWait"/>, <see cref="BuildState.ChrootWait"/>,
    /// <see cref="BuildState.Superseded"/> or <see cref="BuildState.Cancelled"/>. A build that is to be cancelled becomes that, whatever is
    /// asked for.
    /// </param>
    /// <param name="now">The time.</param>
    /// <param name="dependencies">For <see cref="BuildState.ManualDepWait"/>, what can't be met.</param>
    /// <param name="reason">Why, for people.</param>
    /// <exception cref="BuildStateException">It has left the queue already, or the state is no such end.</exception>
    public static Build Ended(this Build build, BuildState state, DateTimeOffset now, string dependencies = "", string? reason = null)
    {
        if (build.State == BuildState.Cancelling)
            state = BuildState.Cancelled;
        var isEnd = state is BuildState.FailedToBuild or BuildState.ManualDepWait or BuildState.ChrootWait
            or BuildState.Superseded or BuildState.Cancelled;
        return isEnd && build.Queue is not null && IsAllowed(build.State, state)
            ? build with
            {
                State = state,
                Queue = null,
                Leaf = null,
                NotBefore = null,
                Finished = build.Finished ?? (build.Started is null ? null : now),
                Dependencies = state == BuildState.ManualDepWait ? dependencies : "",
                Reason = reason,
            }
            : throw Refused(build, $"become {state.ToName()}");
    }

    /// <summary>
    /// A person wants it stopped: one that waits is cancelled at once, one that builds is to be stopped by its master. In any
    /// other state nothing happens, as in the original, and the same record comes back.
    /// </summary>
    public static Build CancelledBy(this Build build, DateTimeOffset now) => (build.State, build.Queue) switch
    {
        (BuildState.NeedsBuild, not null) => build.Ended(BuildState.Cancelled, now) with { CancelRequested = now },
        (BuildState.Building, QueueState.Running) =>
            build with { State = BuildState.Cancelling, Queue = QueueState.Cancelling, CancelRequested = now },
        _ => build,
    };

    /// <summary>Its upload was accepted.</summary>
    /// <exception cref="BuildStateException">It has no upload.</exception>
    public static Build Uploaded(this Build build, IReadOnlyList<BuildFile>? files = null) => IsAllowed(build.State, BuildState.FullyBuilt)
        && build.State is BuildState.Uploading or BuildState.FailedToUpload
        ? build with { State = BuildState.FullyBuilt, UploadLogName = null, Reason = null, Files = files ?? build.Files }
        : throw Refused(build, "be fully built");

    /// <summary>Its upload was not accepted.</summary>
    /// <exception cref="BuildStateException">It has no upload.</exception>
    public static Build UploadFailed(this Build build, string? uploadLogName, string? reason) =>
        build.State is BuildState.Uploading or BuildState.FailedToUpload
            ? build with { State = BuildState.FailedToUpload, UploadLogName = uploadLogName, Reason = reason }
            : throw Refused(build, "fail to upload");

    /// <summary>Its source is no longer published: no more is done.</summary>
    /// <exception cref="BuildStateException">It is over already.</exception>
    public static Build SupersededNow(this Build build, DateTimeOffset now) => build.State == BuildState.Uploading
        ? build with { State = BuildState.Superseded }
        : build.Ended(BuildState.Superseded, now);

    /// <summary>Tried anew, all counts zeroed; <see cref="Build.FirstDispatched"/> and <see cref="Build.Attempt"/> stay.</summary>
    /// <exception cref="BuildStateException">It is not over, or ended well.</exception>
    public static Build Retried(this Build build, DateTimeOffset now) => build.Queue is null
        && IsAllowed(build.State, BuildState.NeedsBuild)
        ? build with
        {
            State = BuildState.NeedsBuild,
            Queue = QueueState.Waiting,
            Queued = now,
            NotBefore = null,
            Started = null,
            Finished = null,
            Builder = null,
            Leaf = null,
            LogName = null,
            UploadLogName = null,
            Dependencies = "",
            Reason = null,
            Failures = 0,
            GivenBack = 0,
            CancelRequested = null,
            Files = [],
        }
        : throw Refused(build, "be retried");

    /// <summary>Given a score by hand.</summary>
    /// <exception cref="BuildStateException">It doesn't wait in the queue.</exception>
    public static Build Rescored(this Build build, int score) => build is { State: BuildState.NeedsBuild, Queue: not null }
        ? build with { Score = score, ScoredByHand = true }
        : throw Refused(build, "be rescored");

    /// <summary>Not to be dispatched for now.</summary>
    /// <exception cref="BuildStateException">It doesn't wait.</exception>
    public static Build Suspended(this Build build) => build.Queue == QueueState.Waiting
        ? build with { Queue = QueueState.Suspended }
        : throw Refused(build, "be suspended");

    /// <summary>To be dispatched again.</summary>
    /// <exception cref="BuildStateException">It is not suspended.</exception>
    public static Build Resumed(this Build build) => build.Queue == QueueState.Suspended
        ? build with { Queue = QueueState.Waiting }
        : throw Refused(build, "be resumed");

    private static BuildStateException Refused(Build build, string what) => new(build, what);
}

/// <summary>A build can't go where it was to go from where it is.</summary>
public sealed class BuildStateException(Build build, string what)
    : MasterException(
        $"{build.Cookie} is {build.State.ToName()}{(build.Queue is { } queue ? $", {queue} in the queue" : ", not queued")}, and can't "
            + $"{what}.")
{
    /// <summary>The build as it is.</summary>
    public Build Build { get; } = build;
}
