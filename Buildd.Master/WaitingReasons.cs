using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master;

/// <summary>Says why builds wait, from the records alone: for programs beside the one that hands builds out. Any thread may call.</summary>
public static class WaitingReasons
{
    /// <summary>
    /// Why a build isn't running, its place in the queue and when it will start, as a master that reads the queue now sees it.
    /// </summary>
    /// <param name="build">The build.</param>
    /// <param name="builds">The builds.</param>
    /// <param name="queue">The queue, which is read whole.</param>
    /// <param name="builders">The builders.</param>
    /// <param name="shares">How owners share the farm; the master's default by default.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RecordsException">The records can't be read.</exception>
    public static async Task<WaitingReason> ExplainAsync(
        Build build,
        IBuildRecords builds,
        IQueuedBuilds queue,
        IBuilderRecords builders,
        FairShareOptions? shares = null,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        ArgumentNullException.ThrowIfNull(builders);
        var clock = time ?? TimeProvider.System;
        var scheduler = new Scheduler(builds, queue, builders, shares ?? new FairShareOptions(), clock, NullLogger.Instance);
        await scheduler.LoadAsync(cancellationToken).ConfigureAwait(false);
        var known = await builders.ListAsync(cancellationToken).ConfigureAwait(false);
        return new WaitingReasoner(scheduler, known, clock.GetUtcNow()).Explain(scheduler.Find(build.Id) ?? build);
    }
}
