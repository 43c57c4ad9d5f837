namespace Buildd.Master.Builds;

/// <summary>
/// Where a build is on its way, for its owner. The numbers are those that Launchpad stores. How one leads to another:
/// <see cref="BuildTransitions"/>.
/// </summary>
public enum BuildState
{
    /// <summary>Needs building: it waits, or isn't queued because somebody has to look after it first.</summary>
    NeedsBuild = 0,

    /// <summary>Built, and its results were accepted. Final.</summary>
    FullyBuilt = 1,

    /// <summary>The package is at fault, or was judged to be. May be retried.</summary>
    FailedToBuild = 2,

    /// <summary>Dependencies can't be met; <see cref="Build.Dependencies"/> names them. May be retried.</summary>
    ManualDepWait = 3,

    /// <summary>The chroot is at fault. May be retried.</summary>
    ChrootWait = 4,

    /// <summary>Its source is no longer published. Final.</summary>
    Superseded = 5,

    /// <summary>Handed to a builder, or being handed to it.</summary>
    Building = 6,

    /// <summary>Built, and its results were not accepted. May be retried, or rescued by processing the upload again.</summary>
    FailedToUpload = 7,

    /// <summary>Its results are in <c>incoming/</c>, where the upload processor finds them.</summary>
    Uploading = 8,

    /// <summary>Its builder is to stop it.</summary>
    Cancelling = 9,

    /// <summary>Stopped, or taken out of the queue, by a person. May be retried.</summary>
    Cancelled = 10,

    /// <summary>Built; its results are being fetched from the builder.</summary>
    Gathering = 11,
}

/// <summary>Where a build is in the queue. A build that has left the queue has none. The numbers are those that Launchpad stores.</summary>
public enum QueueState
{
    /// <summary>It may be dispatched, once <see cref="Build.NotBefore"/> has passed.</summary>
    Waiting = 0,

    /// <summary>It is on a builder.</summary>
    Running = 1,

    /// <summary>It is on a builder, and is to be stopped.</summary>
    Cancelling = 2,

    /// <summary>It must not be dispatched; for one, its archive is disabled.</summary>
    Suspended = 3,
}
