using Buildd.Protocol.Secrets;
namespace Buildd.Master.Builders;

/// <summary>
/// A builder of the farm, as it is at one moment. A record never changes: change a copy (<c>with</c>) and hand it to
/// <see cref="IBuilderRecords.TryReplaceAsync"/>. What it builds stands with the build (<see cref="Builds.Build.Builder"/>).
/// </summary>
public sealed record Builder
{
    /// <summary>The most words of each kind of resource.</summary>
    public const int MaxResources = 64;

    /// <summary>Its name, unique in the farm.</summary>
    /// <exception cref="ArgumentException">It is empty or has blanks or control characters.</exception>
    public required string Name
    {
        get;
        init => field = value is { Length: > 0 } && !value.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            ? value
            : throw new ArgumentException("A builder's name has at least one character, and no blanks.", nameof(value));
    }

    /// <summary>The slave's base address, as registered: <c>http://localhost:8221/</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// The file with the token that its slave wants; null (the default) for the one that all builders get
    /// (<see cref="Connections.SlaveKeys.TokenFile"/>). The token itself is in no record.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>The processors whose builds it takes, such as <c>amd64</c>; none takes only builds that don't care.</summary>
    public IReadOnlyList<string> Processors { get; init; } = [];

    /// <summary>Whether it is a virtual machine that is reset between builds, and may run what isn't trusted; false by default.</summary>
    public bool Virtualized { get; init; }

    /// <summary>What the command that resets it is told; null (the default) when it can't be reset.</summary>
    public string? VmHost { get; init; }

    /// <summary>How it is reset; null (the default) when it can't be.</summary>
    public VmResetProtocol? VmResetProtocol { get; init; }

    /// <summary>Whether it is in service (<c>builderok</c>); true by default.</summary>
    public bool InService { get; init; } = true;

    /// <summary>Why it is not in service, for people; null when it is.</summary>
    public string? FailNotes { get; init; }

    /// <summary>
    /// Whether it is looked at, but never given work. True by default, so that a new builder is not used before somebody says so.
    /// </summary>
    public bool Manual { get; init; } = true;

    /// <summary>How many failures in a row were laid to it. Zeroed by a collected result, and by putting it back in service.</summary>
    public int Failures { get; init; }

    /// <summary>What its slave says is its version; null when it never said. Nothing is decided by it.</summary>
    public string? Version { get; init; }

    /// <summary>Whether something of an earlier build can be on it; dirty by default. Only cleaning makes it clean.</summary>
    public CleanState Clean { get; init; } = CleanState.Dirty;

    /// <summary>When <see cref="Clean"/> changed last; null when it never did.</summary>
    public DateTimeOffset? CleanChanged { get; init; }

    /// <summary>Words for what it has; builds may ask for them. None by default.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxResources"/>, or one is empty or has a blank.</exception>
    public IReadOnlyList<string> OpenResources { get; init => field = ResourceWords.Check(value, MaxResources); } = [];

    /// <summary>Words for what it has; it takes only builds that ask for all of them. None by default.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxResources"/>, or one is empty or has a blank.</exception>
    public IReadOnlyList<string> RestrictedResources { get; init => field = ResourceWords.Check(value, MaxResources); } = [];

    /// <summary>
    /// The managers that its slave has turned out not to have; builds for them go elsewhere. Emptied when it is put back in
    /// service and when its version changes.
    /// </summary>
    public IReadOnlyList<string> UnableTo { get; init; } = [];

    /// <summary>The master that looks after it; null when none does.</summary>
    public string? LeaseOwner { get; init; }

    /// <summary>Until when; after that another master may take it.</summary>
    public DateTimeOffset? LeaseExpires { get; init; }

    /// <summary>
    /// The version of this record: another one with each change but the renewal of a lease. Given by the store; 0 before
    /// it is stored.
    /// </summary>
    public long Revision { get; init; }

    /// <summary>Back in service: counts and notes are cleared, and it is cleaned before it gets work.</summary>
    public Builder BackInService(DateTimeOffset now) =>
        (this with { InService = true, FailNotes = null, Failures = 0, UnableTo = [] }).Made(CleanState.Dirty, now);

    /// <summary>Taken out of service.</summary>
    public Builder OutOfService(string reason) => this with { InService = false, FailNotes = reason };

    /// <summary>In another state of cleanliness.</summary>
    public Builder Made(CleanState state, DateTimeOffset now) =>
        Clean == state ? this : this with { Clean = state, CleanChanged = now };

    /// <summary>Name and address.</summary>
    public override string ToString() => $"{Name} ({UrlCredentials.Without(Url)})";
}

/// <summary>Whether something of an earlier build can be on a builder. The numbers are those that Launchpad stores.</summary>
public enum CleanState
{
    /// <summary>It is idle and as new.</summary>
    Clean = 0,

    /// <summary>It has, or had, a build.</summary>
    Dirty = 1,

    /// <summary>It is being reset, and somebody will say when that is done.</summary>
    Cleaning = 2,
}

/// <summary>How a virtual builder is reset.</summary>
public enum VmResetProtocol
{
    /// <summary>The command resets it, and returns when that is done; <c>1.1</c>.</summary>
    Synchronous,

    /// <summary>The command only asks for it; who manages the machines makes the builder clean when that is done; <c>2.0</c>.</summary>
    Triggered,
}
