using Buildd.Linux.Files;
using Buildd.Protocol;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Builds;

/// <summary>What is to be built, for <see cref="IBuildRecords.AddAsync"/>.</summary>
public sealed record NewBuild
{
    /// <summary>The longest specification, in bytes. A source package's takes a few KiB; the largest slave call is 16 MiB.</summary>
    public const int MaxSpecificationBytes = 1 << 20;

    /// <summary>The most words of <see cref="Resources"/>.</summary>
    public const int MaxResources = 32;

    /// <summary>
    /// The name of the kind of job, the first part of the cookie: <c>PACKAGEBUILD</c> and <c>LIVEFSBUILD</c> are Launchpad's.
    /// Capital letters and digits; upload processors take the cookie apart at its last dash.
    /// </summary>
    /// <exception cref="ArgumentException">It has other characters, or none.</exception>
    public required string JobType { get; init => field = CheckJobType(value); }

    /// <summary>The tag of the slave's manager that builds it, such as <c>binarypackage</c> (the default).</summary>
    public string Manager { get; init; } = WireNames.Managers.BinaryPackage;

    /// <summary>What people call it, such as <c>amd64 build of hello 2.10-3 in debian bookworm RELEASE</c>.</summary>
    public required string Title { get; init; }

    /// <summary>What is built, without a version: a source package's or live filesystem's name. Empty (the default) is none.</summary>
    public string Subject { get; init; } = "";

    /// <summary>
    /// Who shares the farm: builds of one owner wait for each other. All with the empty name (the default) are one owner.
    /// </summary>
    public string Owner { get; init; } = "";

    /// <summary>The archive's name or number, a folder's name in the leaf; default <c>1</c>.</summary>
    /// <exception cref="FileNameException">It can't be a folder's name.</exception>
    public string Archive { get; init => field = FileName.Check(value); } = "1";

    /// <summary>The distribution's name, a folder's name in the leaf; default <c>debian</c>.</summary>
    /// <exception cref="FileNameException">It can't be a folder's name.</exception>
    public string Distribution { get; init => field = FileName.Check(value); } = "debian";

    /// <summary>The processor that a builder must have; null (the default) when any will do.</summary>
    public string? Processor { get; init; }

    /// <summary>Whether it goes to virtual builders, and to no others; false by default.</summary>
    public bool Virtualized { get; init; }

    /// <summary>
    /// Words for what a builder must have; none by default. All must be among the builder's open and restricted resources,
    /// and a builder's restricted ones all be here.
    /// </summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxResources"/>, or one is empty or has a blank.</exception>
    public IReadOnlyList<string> Resources { get; init => field = ResourceWords.Check(value, MaxResources); } = [];

    /// <summary>The higher, the earlier; 0 by default. For Launchpad's numbers see its scoring rules: 2505 is an ordinary build.</summary>
    public int Score { get; init; }

    /// <summary>How long it will take, for estimates; five minutes by default, as for a package of unknown size.</summary>
    public TimeSpan EstimatedDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// If another build was ever added with this key, that one is meant and nothing is added: whoever asks again after a
    /// crash gets the same build. Null (the default) always adds.
    /// </summary>
    public string? UniqueKey { get; init; }

    /// <summary>Whether it goes into the queue suspended, as a build of a disabled archive does; false by default.</summary>
    public bool Suspended { get; init; }

    /// <summary>
    /// All that the kind of job wants to know when it prepares the dispatch, in its own format. Stores keep the bytes and
    /// don't look at them. Empty by default.
    /// </summary>
    /// <exception cref="ArgumentException">It is longer than <see cref="MaxSpecificationBytes"/>.</exception>
    public ReadOnlyMemory<byte> Specification
    {
        get;
        init => field = value.Length <= MaxSpecificationBytes
            ? value
            : throw new ArgumentException(
                $"The specification has {value.Length} bytes, and at most {MaxSpecificationBytes} are kept.", nameof(value));
    }

    /// <summary>The build as a store adds it.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="revision">Its first revision.</param>
    /// <param name="now">When.</param>
    public Build ToBuild(long id, long revision, DateTimeOffset now) => new()
    {
        Id = id,
        Revision = revision,
        JobType = JobType,
        Manager = Manager,
        Title = Title,
        Subject = Subject,
        Owner = Owner,
        Archive = Archive,
        Distribution = Distribution,
        Processor = Processor,
        Virtualized = Virtualized,
        Resources = Resources,
        State = BuildState.NeedsBuild,
        Queue = Suspended ? QueueState.Suspended : QueueState.Waiting,
        Score = Score,
        EstimatedDuration = EstimatedDuration,
        Created = now,
        Queued = now,
    };

    private static string CheckJobType(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        return BuildCookie.IsJobType(value)
            ? value
            : throw new ArgumentException(
                $"{FileName.Display(value)} is no kind of job: only capital letters and digits may be in it.", nameof(value));
    }
}
