using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master;

/// <summary>
/// Something that happened in the farm. Cases are added over time; who listens ignores those it doesn't know. The names
/// of phases and stages come from slaves and can hold anything.
/// </summary>
public abstract record MasterEvent
{
    private protected MasterEvent()
    {
    }

    /// <summary>When, by the master's clock.</summary>
    public DateTimeOffset Time { get; init; }
}

/// <summary>A builder has taken a build.</summary>
/// <param name="Build">The build.</param>
/// <param name="Builder">The builder's name.</param>
/// <param name="Duration">How long handing it over took, the slave's downloads included.</param>
public sealed record BuildDispatched(Build Build, string Builder, TimeSpan Duration) : MasterEvent;

/// <summary>A build has changed, or is new, by this master's or anybody's doing.</summary>
/// <param name="Build">As it is now.</param>
/// <param name="Before">As it was in the queue; null when it is new there, or was not in it.</param>
public sealed record BuildChanged(Build Build, Build? Before) : MasterEvent;

/// <summary>A build has left the queue: its builder's part is over.</summary>
/// <param name="Build">As it is now.</param>
public sealed record BuildFinished(Build Build) : MasterEvent;

/// <summary>The stored log of a build has grown; read it with <see cref="Logs.LogStore.OpenRunning"/>.</summary>
/// <param name="Build">The build.</param>
/// <param name="Length">How long it is now, in bytes. Shorter than before when the slave has begun its log anew.</param>
public sealed record BuildLogGrew(Build Build, long Length) : MasterEvent;

/// <summary>A phase of a build has begun or ended. Only from slaves that tell of phases.</summary>
/// <param name="Build">The build.</param>
/// <param name="Phase">The phase.</param>
/// <param name="Duration">How long it took; null when it has begun.</param>
public sealed record BuildPhaseChanged(Build Build, string Phase, TimeSpan? Duration) : MasterEvent;

/// <summary>An image is further than before. Only from slaves that tell of progress.</summary>
/// <param name="Build">The build.</param>
/// <param name="Stage">The stage, in the image tool's words.</param>
/// <param name="Fraction">What is done, roughly, from 0 to 1.</param>
public sealed record BuildProgressed(Build Build, string Stage, double Fraction) : MasterEvent;

/// <summary>A builder's record has changed, or it is new to this master.</summary>
/// <param name="Builder">As it is now.</param>
public sealed record BuilderChanged(Builder Builder) : MasterEvent;

/// <summary>Who listens was too slow: events are missing here. Look at the records for what is so now.</summary>
/// <param name="Count">How many.</param>
public sealed record EventsMissed(long Count) : MasterEvent;
