namespace Buildd.Slave.Lifecycle;

/// <summary>What moves the builder from one status to another.</summary>
internal enum BuilderEvent
{
    /// <summary>A master's <c>build</c> was accepted.</summary>
    Start,

    /// <summary>A master's <c>abort</c>.</summary>
    Abort,

    /// <summary>The build has ended and cleaned up after itself.</summary>
    Complete,

    /// <summary>A master's <c>clean</c>.</summary>
    Clean,
}
