namespace Buildd.Protocol.Messages;

/// <summary>What a builder is doing. The slave owns it; a master sees it in the answer to <c>status</c>.</summary>
public enum BuilderStatus
{
    /// <summary>Nothing to do. A build leaves it.</summary>
    Idle,

    /// <summary>A build is running. Left by its end (to <see cref="Waiting"/>) or by an abort.</summary>
    Building,

    /// <summary>A build has ended and its results wait to be fetched. Left by <c>clean</c>.</summary>
    Waiting,

    /// <summary>A build was told to stop and hasn't yet. Left by its end, to <see cref="Waiting"/>.</summary>
    Aborting,
}
