namespace Buildd.Master.Builds;

/// <summary>
/// The builds of a farm, durably: added once, then changed by comparing and replacing whole records, so that several
/// masters and tools may work on the same ones. Any thread of any process may call. What a completed method has stored
/// survives <c>kill -9</c>, unless the implementation says that it keeps everything in memory.
/// </summary>
/// <remarks>
/// Losing a race is a result, not an exception. When the store can't be reached, methods throw <see cref="RecordsException"/>, or the
/// exception of the database or the disk; a master takes that as "not now" and tries again, so nothing must have been half done.
/// </remarks>
public interface IBuildRecords
{
    /// <summary>Adds builds, all or none; they are in the queue then.</summary>
    /// <param name="builds">What is to be built; of several with one <see cref="NewBuild.UniqueKey"/> only the first is added.</param>
    /// <param name="cancellationToken">Ends the wait; they may have been added all the same.</param>
    /// <returns>The builds in the same order; for a key that was used before, the build that it was used for.</returns>
    Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default);

    /// <summary>A build; null when there is none with that number.</summary>
    Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>What <see cref="NewBuild.Specification"/> was; null when there is no such build. Read once per dispatch.</summary>
    Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>Builds that fit a filter, by number, the youngest first.</summary>
    /// <param name="filter">Which, and how many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores changed builds: each one only if its stored <see cref="Build.Revision"/> is still the one that it carries, and
    /// if, when it is on a builder (<see cref="QueueState.Running"/> or <see cref="QueueState.Cancelling"/>), no other
    /// queued build is on that one. One that can't be stored keeps no other from it; all that can are stored at once, in
    /// one durable write.
    /// </summary>
    /// <param name="builds">
    /// The changed records, each build once. What <see cref="NewBuild"/> gave (kind, title, owner …) doesn't change.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; they may have been stored all the same.</param>
    /// <returns>In the same order, each as it is stored now, with its new revision; null for one that was not stored.</returns>
    Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default);
}

/// <summary>
/// The part of the builds that is in the queue, for whoever hands them out: read whole once, followed by its changes from
/// then on, and so never asked for while a builder is polled. Any thread may call.
/// </summary>
public interface IQueuedBuilds
{
    /// <summary>All builds that are in the queue now, and the revision up to which that is so.</summary>
    Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// A part of the queue for people: the builds that fit a filter, those on a builder first, then those that wait, then suspended ones;
    /// among these the higher score first, and of equal ones the lower number. Neither time nor memory grows with the builds beyond the
    /// filter's count, but for counting them.
    /// </summary>
    /// <param name="filter">Which, and how many at most. Builds that have left the queue never fit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<QueueListing> ListQueueAsync(BuildFilter filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// The builds that changed after a revision, as they are now, in order of their revisions; those that left the queue
    /// too, so that they can be forgotten. Never tells of a change while one with a lower revision can still appear.
    /// </summary>
    /// <param name="after">The revision of the snapshot, or of the last change that was read.</param>
    /// <param name="most">How many at most; more than zero.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default);

    /// <summary>
    /// Waits until something may have changed after a revision. It may end early without a change; when it can't know, an
    /// implementation ends it after a second or so.
    /// </summary>
    /// <param name="after">As in <see cref="ReadChangesAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecordsException">The records can't be read.</exception>
    /// <exception cref="RecordsRewoundException">They may be those of an earlier moment again: said once.</exception>
    Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default);
}

/// <summary>The queue at one moment.</summary>
/// <param name="Builds">The builds in it, in no particular order.</param>
/// <param name="Revision">The highest revision that was given to any build until then; 0 when there is none.</param>
public sealed record QueueSnapshot(IReadOnlyList<Build> Builds, long Revision);

/// <summary>A part of the queue at one moment.</summary>
/// <param name="Builds">The first builds that fit, in the queue's order.</param>
/// <param name="Count">The number of all builds that fit.</param>
public sealed record QueueListing(IReadOnlyList<Build> Builds, long Count);

/// <summary>Which builds are listed: those that fit all that is given.</summary>
public sealed record BuildFilter
{
    /// <summary>The most that is given at a time.</summary>
    public const int MaxCount = 1000;

    /// <summary>In this state; null (the default) for any.</summary>
    public BuildState? State { get; init; }

    /// <summary>In this state of the queue; null (the default) for any, and those that left it.</summary>
    public QueueState? Queue { get; init; }

    /// <summary>Of this kind; null (the default) for any.</summary>
    public string? JobType { get; init; }

    /// <summary>Of this owner; null (the default) for any.</summary>
    public string? Owner { get; init; }

    /// <summary>Of this <see cref="Build.Subject"/>; null (the default) for any.</summary>
    public string? Subject { get; init; }

    /// <summary>For this processor; null (the default) for any, and those that don't care.</summary>
    public string? Processor { get; init; }

    /// <summary>On, or built by, this builder; null (the default) for any.</summary>
    public string? Builder { get; init; }

    /// <summary>With a lower number than this, to go on where a list ended; null (the default) from the youngest.</summary>
    public long? Before { get; init; }

    /// <summary>How many at most; from 1 to <see cref="MaxCount"/>, default 100.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less or more.</exception>
    public int Count
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxCount);
            field = value;
        }
    } = 100;

    /// <summary>Whether a build fits, <see cref="Before"/> included.</summary>
    public bool Fits(Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return Is(State, build.State) && (Queue is null || Queue == build.Queue) && Is(JobType, build.JobType)
            && Is(Owner, build.Owner) && Is(Subject, build.Subject) && Is(Processor, build.Processor)
            && Is(Builder, build.Builder) && !(build.Id >= Before);
    }

    private static bool Is(BuildState? wanted, BuildState state) => wanted is null || wanted == state;

    private static bool Is(string? wanted, string? text) => wanted is null || wanted == text;
}
