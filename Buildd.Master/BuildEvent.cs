using Buildd.Protocol.Messages;

namespace Buildd.Master;

/// <summary>
/// Something that happened on the way of a build. Cases are added over time; an observer ignores those it doesn't know.
/// Names, log bytes and reasons come from the slave and can hold anything, control sequences of terminals included.
/// </summary>
public abstract record BuildEvent
{
    private protected BuildEvent()
    {
    }
}

/// <summary>Dispatch: the slave has a file. Comes once for each distinct file, the chroot first.</summary>
/// <param name="Name">The file's name in the job.</param>
/// <param name="Info">The slave's word for where it came from: the reference says <c>Cache</c> or <c>Download</c>.</param>
/// <param name="Duration">How long the call took: the slave's download, mostly.</param>
public sealed record InputPresent(string Name, string Info, TimeSpan Duration) : BuildEvent;

/// <summary>Dispatch: the slave has taken the build.</summary>
/// <param name="Duration">How long the whole dispatch took, files included.</param>
public sealed record BuildAccepted(TimeSpan Duration) : BuildEvent;

/// <summary>Scanning: the slave's status is another one than before. Comes for the first status too.</summary>
/// <param name="Status">The status.</param>
public sealed record StatusChanged(BuilderStatus Status) : BuildEvent;

/// <summary>Scanning: the log has grown.</summary>
public sealed record LogGrew : BuildEvent
{
    /// <summary>The new bytes, some tens of KiB at most; cut wherever that falls, also inside a character.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>
    /// Where in the log they stand, in bytes; null when the slave offers only the end of its log and nobody knows.
    /// </summary>
    public required long? Offset { get; init; }

    /// <summary>False when log is missing between the previous event and this one, because the slave kept only its end.</summary>
    public bool Continuous { get; init; } = true;
}

/// <summary>
/// Scanning: the log is shorter than it was, and follows from its beginning. A slave does so when it starts its log
/// anew, and when it replaces the log of a private archive by one without secrets.
/// </summary>
public sealed record LogRestarted : BuildEvent;

/// <summary>Scanning: a phase of the build has begun. Only from slaves that tell of phases.</summary>
/// <param name="Name">The phase.</param>
/// <param name="Start">When, by the slave's clock; null if that can't be read.</param>
public sealed record PhaseStarted(string Name, DateTimeOffset? Start) : BuildEvent;

/// <summary>Scanning: a phase of the build has ended. Only from slaves that tell of phases.</summary>
/// <param name="Name">The phase.</param>
/// <param name="Duration">How long it took, by the slave's clock.</param>
public sealed record PhaseEnded(string Name, TimeSpan Duration) : BuildEvent;

/// <summary>Scanning: an image is further than before. Only from slaves that tell of progress.</summary>
/// <param name="Stage">The stage, in the image tool's words.</param>
/// <param name="Fraction">What is done, roughly, from 0 to 1.</param>
public sealed record ProgressMade(string Stage, double Fraction) : BuildEvent;

/// <summary>Scanning: the status could not be asked for; it will be tried again.</summary>
/// <param name="Failures">How many times in a row, from 1.</param>
/// <param name="RetryIn">How long until the next attempt.</param>
/// <param name="Reason">What went wrong.</param>
public sealed record ScanFailed(int Failures, TimeSpan RetryIn, string Reason) : BuildEvent;

/// <summary>Scanning: the build is being cancelled, and the slave was told.</summary>
public sealed record AbortRequested : BuildEvent;

/// <summary>Scanning, the last event: the build has ended and the slave waits for its results to be fetched.</summary>
/// <param name="Reply">What the slave said: the build's status, file map and dependencies.</param>
public sealed record BuildEnded(StatusReply Reply) : BuildEvent;

/// <summary>Results: a file is on our disk, and its content is what the slave had promised.</summary>
/// <param name="Name">The file.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Duration">How long it took.</param>
public sealed record FileFetched(string Name, long Size, TimeSpan Duration) : BuildEvent;

/// <summary>The slave was cleaned and is idle again.</summary>
/// <param name="Duration">How long it took.</param>
public sealed record SlaveCleaned(TimeSpan Duration) : BuildEvent;
