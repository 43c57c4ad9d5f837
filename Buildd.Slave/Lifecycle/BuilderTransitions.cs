using Buildd.Protocol.Messages;
using static Buildd.Protocol.Messages.BuilderStatus;
using static Buildd.Slave.Lifecycle.BuilderEvent;

namespace Buildd.Slave.Lifecycle;

/// <summary>The builder's state machine, as the one expression that it is.</summary>
internal static class BuilderTransitions
{
    /// <exception cref="RefusedException">The event has no place in that status; the wire gets the fault.</exception>
    internal static BuilderStatus Next(BuilderStatus status, BuilderEvent cause) => (status, cause) switch
    {
        (Idle, Start) => Building,
        (Building or Aborting, Abort) => Aborting, // a master that restarted may ask twice
        (Building or Aborting, Complete) => Waiting,
        (Waiting, Clean) => Idle,
        _ => throw new RefusedException($"{cause} is not possible while the builder is {status}"),
    };
}
