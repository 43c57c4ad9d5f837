using System.Collections.Immutable;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Master.Connections;

namespace Buildd.Master;

/// <summary>How a master does its work. Times that have no source named are ours.</summary>
public sealed record MasterOptions
{
    /// <summary>
    /// The folder that holds <c>grabbing/</c> (what is being fetched), <c>incoming/</c> (what is complete) and <c>logs/</c>;
    /// they are made when missing, and <c>grabbing/</c> and <c>incoming/</c> must be on one file system. Several masters share one.
    /// </summary>
    public required string Root { get; init; }

    /// <summary>
    /// The name under which this master leases builders, unique also among its own lives; default host, process and a
    /// random number.
    /// </summary>
    public string Name { get; init; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <summary>The time between two looks at a slave; default 15 s, as the original's.</summary>
    public TimeSpan PollInterval { get; init => field = Positive(value); } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The time between two looks at a slave of which something is about to come: it aborts, cleans, is in one of its last
    /// phases, or has built for about as long as was estimated. Default 2 s. A longer one than <see cref="PollInterval"/> has no effect.
    /// </summary>
    public TimeSpan FastPollInterval { get; init => field = Positive(value); } = TimeSpan.FromSeconds(2);

    /// <summary>How often the list of builders is read, and leases are renewed; default 15 s, as the original's.</summary>
    public TimeSpan RefreshInterval { get; init => field = Positive(value); } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a lease of a builder holds; default 60 s, so that three refreshes may fail. Longer than <see cref="RefreshInterval"/>.
    /// </summary>
    public TimeSpan LeaseDuration { get; init => field = Positive(value); } = TimeSpan.FromSeconds(60);

    /// <summary>How many builders this master looks after at most; all by default.</summary>
    public int MaxBuilders { get; init => field = Positive(value); } = int.MaxValue;

    /// <summary>How long a whole look at a slave may take, its log included; default 2 minutes, three times a call's own limit.</summary>
    public TimeSpan ScanTimeout { get; init => field = Positive(value); } = TimeSpan.FromMinutes(2);

    /// <summary>How long handing a build out may take, the slave's downloads included; default 1 hour.</summary>
    public TimeSpan DispatchTimeout { get; init => field = Positive(value); } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long fetching the results of one build may take in one go; default 4 hours. What was fetched by then is kept, and
    /// fetching goes on from there, as after any other failed look.
    /// </summary>
    public TimeSpan GatherTimeout { get; init => field = Positive(value); } = TimeSpan.FromHours(4);

    /// <summary>How many looks in a row must fail before it counts as a failure; default 5, as the original's.</summary>
    public int ScansPerFailure { get; init => field = Positive(value); } = 5;

    /// <summary>
    /// How long a builder may take to stop a build that is to be cancelled; default 180 s, as the original's: more than the
    /// 120 s after which a slave gives up on a process that can't be killed.
    /// </summary>
    public TimeSpan AbortTimeout { get; init => field = Positive(value); } = TimeSpan.FromSeconds(180);

    /// <summary>
    /// How long a build waits that a builder gave back the first time; twice as long each further time, and at most
    /// <see cref="MaxGiveBackDelay"/>. Default 5 minutes.
    /// </summary>
    public TimeSpan GiveBackDelay { get; init => field = Positive(value); } = TimeSpan.FromMinutes(5);

    /// <summary>The longest that a build waits that was given back; default 6 hours.</summary>
    public TimeSpan MaxGiveBackDelay { get; init => field = Positive(value); } = TimeSpan.FromHours(6);

    /// <summary>
    /// How many times in a row a build may be given back before it fails; default 10, with the other defaults after about two days.
    /// </summary>
    public int MaxGiveBacks { get; init => field = Positive(value); } = 10;

    /// <summary>
    /// How long a build waits after a failure that was laid to it and its builder; default 30 s. The builder is given
    /// another meanwhile, which soon tells whose fault it was.
    /// </summary>
    /// <remarks>Differs: in the original the build is at the head of the queue at once, and goes to the same builder again.</remarks>
    public TimeSpan FailureDelay { get; init => field = Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>How long a build waits whose dispatch could not be prepared, for instance without a chroot; default 5 minutes.</summary>
    public TimeSpan NotPreparedDelay { get; init => field = Positive(value); } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The command that resets a virtual builder, a program and its arguments, never a shell's words. In each argument
    /// <c>%(vm_host)s</c> and <c>%(buildd_name)s</c> (the first label of the slave's host name) are filled in. None by
    /// default, and virtual builders then can't be reset.
    /// </summary>
    public ImmutableArray<string> ResumeCommand { get; init; } = [];

    /// <summary>
    /// How long the resume command may run, and every call to a virtual builder may take; default 30 s, as the original's.
    /// </summary>
    public TimeSpan VirtualCallTimeout { get; init => field = Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>The keys to slaves that are guarded; none by default. A part that makes clients itself does not use them.</summary>
    public SlaveKeys SlaveKeys { get; init; } = new();

    /// <summary>How long every call to another builder may take; default 40 s, as the original's.</summary>
    public TimeSpan CallTimeout { get; init => field = Positive(value); } = TimeSpan.FromSeconds(40);

    /// <summary>How many files are fetched at a time from all builders together; default 128, as the original's.</summary>
    public int MaxDownloads { get; init => field = Positive(value); } = 128;

    /// <summary>How many files are fetched at a time from one builder; default 4.</summary>
    public int MaxDownloadsPerBuilder { get; init => field = Positive(value); } = 4;

    /// <summary>
    /// The default of <see cref="SpareBytes"/>: 64 MiB, twice as much as the journal of the farm's own store has before it is brought over.
    /// </summary>
    public const long DefaultSpareBytes = 64L << 20;

    /// <summary>
    /// The bytes that results and logs leave free on the file system of <see cref="Root"/>, so that records which are on the same one
    /// can be changed still; default <see cref="DefaultSpareBytes"/>. Of a log that has no room the beginning is kept, with a line that
    /// says so. Zero or more.
    /// </summary>
    public long SpareBytes { get; init; } = DefaultSpareBytes;

    /// <summary>
    /// The most bytes that the results of one build may have together; a build that leaves more fails. Default 64 GiB: no package of
    /// Debian's and no image comes near that, and it is what one package may unpack to.
    /// </summary>
    public long MaxResultBytes { get; init => field = Positive(value); } = 64L << 30;

    /// <summary>
    /// The time for which results that the disk has no room for wait at their builder before their build fails; default 1 day, so that
    /// somebody can make room. Those for which it can never have any fail at once.
    /// </summary>
    public TimeSpan RoomTimeout { get; init => field = Positive(value); } = TimeSpan.FromDays(1);

    /// <summary>
    /// How much of a log is kept, in bytes; default 1 GiB and 16 MiB, a little more than a slave of ours keeps. Of a longer one
    /// the beginning is kept, with a line that says so.
    /// </summary>
    public long MaxLogBytes { get; init => field = Positive(value); } = (1L << 30) + (16L << 20);

    /// <summary>How builds of different owners share the builders.</summary>
    public FairShareOptions FairShare { get; init; } = new();

    /// <summary>How long a notifier may take before nobody waits for it any more; default 1 minute.</summary>
    public TimeSpan NotifierTimeout { get; init => field = Positive(value); } = TimeSpan.FromMinutes(1);

    /// <summary>Returns the wait of a build that was given back so many times in a row.</summary>
    internal TimeSpan DelayAfter(int giveBacks)
    {
        var delay = GiveBackDelay * Math.Pow(2, Math.Min(giveBacks - 1, 30));
        return delay > MaxGiveBackDelay ? MaxGiveBackDelay : delay;
    }

    /// <summary>
    /// Returns the longest time that a build can have been put back. One that is due later was put back by a clock that has been set back
    /// since.
    /// </summary>
    internal TimeSpan LongestWait(Build build)
    {
        TimeSpan[] delays = [FailureDelay, NotPreparedDelay, build.GivenBack > 0 ? DelayAfter(build.GivenBack) : TimeSpan.Zero];
        return delays.Max();
    }

    private static TimeSpan Positive(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        return value;
    }

    private static int Positive(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        return value;
    }

    private static long Positive(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
        return value;
    }
}
