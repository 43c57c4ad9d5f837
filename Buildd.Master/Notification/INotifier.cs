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
    /// A build has failed by its own doing or the chroot's: FAILEDTOBUILD or CHROOTWAIT as the builder said. Dependency
    /// waits, cancelled builds and those that were failed by judgement tell nobody, as in the original; whoever processes
    /// uploads tells of theirs.
    /// </summary>
    Task BuildFailedAsync(Build build, CancellationToken cancellationToken = default);

    /// <summary>
    /// A builder was taken out of service: for the farm's administrators. The reason is in <see cref="Builder.FailNotes"/>.
    /// </summary>
    /// <remarks>Differs: in the original a builder fails in silence.</remarks>
    Task BuilderFailedAsync(Builder builder, CancellationToken cancellationToken = default);
}
