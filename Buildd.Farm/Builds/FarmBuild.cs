using Buildd.Farm.Archives;
using Buildd.Farm.LiveFilesystems;
using Buildd.Master.Builds;

namespace Buildd.Farm.Builds;

/// <summary>A build in an archive, with all that decides who may see and change it.</summary>
/// <param name="Build">The build, as the master has it.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Archive">The archive that it is in.</param>
/// <param name="LiveFs">The live filesystem; null for a source package.</param>
internal sealed record FarmBuild(Build Build, Request Request, Archive Archive, LiveFs? LiveFs)
{
    /// <summary>Whether it is not for everybody: its archive is private, or the owner of its live filesystem.</summary>
    internal bool IsPrivate => Archive.IsPrivate || LiveFs is { IsPrivate: true };

    /// <summary>Its score while it waits or is built; null afterwards.</summary>
    internal int? Score => Build.Queue is null ? null : Build.Score;

    /// <summary>Whether its score can be set: it waits.</summary>
    internal bool CanBeRescored => Build is { State: BuildState.NeedsBuild, Queue: not null };

    /// <summary>Whether it can be tried again. A live filesystem is requested anew instead, which gives it a version of its own.</summary>
    internal bool CanBeRetried => LiveFs is null && Build.Queue is null && Build.State
        is BuildState.FailedToBuild or BuildState.ManualDepWait or BuildState.ChrootWait or BuildState.FailedToUpload
            or BuildState.Cancelled or BuildState.Superseded;

    /// <summary>Whether it can be cancelled: it waits, or is being built.</summary>
    internal bool CanBeCancelled => Build is { State: BuildState.NeedsBuild or BuildState.Building, Queue: not null };
}
