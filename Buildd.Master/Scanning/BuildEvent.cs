namespace Buildd.Master.Scanning;

/// <summary>
/// News of a running build that one look at its slave gave. Names and log bytes come from the slave and can hold anything,
/// control sequences of terminals included.
/// </summary>
internal abstract record BuildEvent;

/// <summary>The log has grown.</summary>
internal sealed record LogGrew : BuildEvent
{
    /// <summary>The new bytes, some tens of KiB at most; cut anywhere, also inside a character.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Their position in the log, in bytes; null when the slave offers only the end of its log.</summary>
    public required long? Offset { get; init; }

    /// <summary>False when log is missing between the previous event and this one, because the slave kept only its end.</summary>
    public bool Continuous { get; init; } = true;
}

/// <summary>
/// The log is shorter than it was, and follows from its beginning. A slave does so when it starts its log again, and when it
/// replaces the log of a private archive by one without secrets.
/// </summary>
internal sealed record LogRestarted : BuildEvent;

/// <summary>A phase of the build has begun. Only from slaves that report phases.</summary>
/// <param name="Name">The phase.</param>
/// <param name="Start">When, by the slave's clock; null if that can't be read.</param>
internal sealed record PhaseStarted(string Name, DateTimeOffset? Start) : BuildEvent;

/// <summary>A phase of the build has ended. Only from slaves that report phases.</summary>
/// <param name="Name">The phase.</param>
/// <param name="Duration">How long it took, by the slave's clock.</param>
internal sealed record PhaseEnded(string Name, TimeSpan Duration) : BuildEvent;

/// <summary>An image is further than before. Only from slaves that report progress.</summary>
/// <param name="Stage">The stage, in the image tool's words.</param>
/// <param name="Fraction">The part that is done, roughly, from 0 to 1.</param>
internal sealed record ProgressMade(string Stage, double Fraction) : BuildEvent;
