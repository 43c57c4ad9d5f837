using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Notification;

/// <summary>
/// Tells people. Called after what it tells of was stored; at most once for each, since two mails are worse than none. An
/// exception is logged and changes nothing, and nobody waits for it for longer than <see cref="MasterOptions.NotifierTimeout"/>.
/// Any thread may call.
/// </summary>
public interface INotifier
{
    /// <summary>
    /// A build has failed: FAILEDTOBUILD or CHROOTWAIT, as the builder said or the master decided. Dependency waits and cancelled builds
    /// tell nobody; whoever processes uploads tells of theirs.
    /// </summary>
    /// <remarks>Differs: in the original a build that the master gives up fails in silence.</remarks>
    Task BuildFailedAsync(Build build, CancellationToken cancellationToken = default);

    /// <summary>
    /// A builder was taken out of service: for the farm's administrators. The reason is in <see cref="Builder.FailNotes"/>.
    /// </summary>
    /// <remarks>Differs: in the original a builder fails in silence.</remarks>
    Task BuilderFailedAsync(Builder builder, CancellationToken cancellationToken = default);
}
