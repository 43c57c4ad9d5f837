using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Dispatch;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <content>A farm of one slave and one build.</content>
public sealed partial class BuildMaster
{
    /// <summary>
    /// Runs one build on one slave, once, from an idle slave to an idle slave: a farm of one builder whose records are in memory, with the
    /// rules of every farm. Results are left in <c>incoming/</c> for somebody who processes uploads. Any thread may call, for one
    /// slave one at a time; several calls may share a root.
    /// </summary>
    /// <param name="slave">The slave.</param>
    /// <param name="job">The build. Its cookie has to be <c>JOBTYPE-ID</c>, and unique in the root.</param>
    /// <param name="options">The root of the results, and the times and limits.</param>
    /// <param name="observe">
    /// Receives every event, one at a time and in order; the end of the build waits for it. Null (the default) for nobody. An
    /// exception of it ends the run, and the slave builds on.
    /// </param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="loggers">Receive the diagnostics; none by default.</param>
    /// <param name="cancellationToken">
    /// Cancelled to have the build aborted. The run goes on until the slave has stopped, at most
    /// <see cref="MasterOptions.AbortTimeout"/>, and the build is then <see cref="BuildState.Cancelled"/>. Without effect once results
    /// are being fetched.
    /// </param>
    /// <returns>The end of the build: a build that fails is not an exception.</returns>
    /// <exception cref="ArgumentException">The cookie is not <c>JOBTYPE-ID</c>.</exception>
    /// <exception cref="SlaveBusyException">The slave is not idle. It was not asked to do anything.</exception>
    /// <exception cref="BuilderFaultException">The slave stopped being idle, or answering, before it had the build.</exception>
    /// <exception cref="SlaveException">The slave did not answer at the start.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it began.</exception>
    public static async Task<FinishedBuild> RunOneAsync(
        ISlaveClient slave,
        BuildJob job,
        MasterOptions options,
        Func<MasterEvent, ValueTask>? observe = null,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(slave);
        ArgumentNullException.ThrowIfNull(job);
        if (LeafName.TryParse(job.Cookie) is not { } name || Build.MakeCookie(name.JobType, name.BuildId) != job.Cookie)
            throw new ArgumentException($"The cookie {job.Cookie} is not JOBTYPE-ID, such as PACKAGEBUILD-22.", nameof(job));
        var status = await slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status != BuilderStatus.Idle)
            throw new SlaveBusyException(slave.Url, status);

        var (builds, builders) = (new InMemoryBuilds(time) { FirstId = name.BuildId }, new InMemoryBuilders(time));
        var builder = new Builder { Name = slave.Url.Authority, Url = slave.Url, Manual = false, Clean = CleanState.Clean };
        await builders.TryAddAsync(builder, cancellationToken).ConfigureAwait(false);
        var added = new NewBuild { JobType = name.JobType, Manager = job.BuilderTag, Title = job.ToString() };
        var build = (await builds.AddAsync([added], cancellationToken).ConfigureAwait(false))[0];
        var kind = new OneJob(name.JobType, job);
        var master = new BuildMaster(
            options,
            new BuildMasterParts
            {
                Builders = builders,
                Builds = builds,
                Queue = builds,
                Inputs = new InMemoryInputs(),
                Uploads = new LeftInPlace(),
                Kinds = [kind],
                Connect = _ => slave,
            },
            time,
            loggers);
        await using var disposing = master.ConfigureAwait(false);
        return await master.RunToEndAsync(build, builder, kind, observe, cancellationToken).ConfigureAwait(false);
    }

    private async Task<FinishedBuild> RunToEndAsync(
        Build build, Builder builder, OneJob kind, Func<MasterEvent, ValueTask>? observe, CancellationToken cancellationToken)
    {
        Logs.Clear(build with { Attempt = 1 });
        await _scheduler.LoadAsync(cancellationToken).ConfigureAwait(false);
        using var stop = new CancellationTokenSource();
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        var events = Events(patience.Token);
        var working = WorkAsync(stop.Token);
        var cancelling = Task.CompletedTask;
        try
        {
            using (cancellationToken.Register(() => cancelling = CancelAsync(build.Id, CancellationToken.None)))
                (build, builder) = await FollowAsync(build.Id, events, builder, observe, patience).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await working.ConfigureAwait(false);
            await cancelling.ConfigureAwait(false);
        }

        var hasResults = build.State == BuildState.Uploading;
        var leaf = hasResults ? _gatherer.LandedFolder(build) : "";
        var check = hasResults && kind.LeafContent == LeafContent.Packages
            ? await new UploadCheck(null, _time).CheckAsync(leaf, new UploadTarget(), CancellationToken.None).ConfigureAwait(false)
            : null;
        return new FinishedBuild
        {
            Build = build,
            Folder = hasResults ? Path.Combine(leaf, build.Archive, build.Distribution) : null,
            LogPath = Logs.StoredPath(build),
            Findings = check?.Findings ?? [],
            IsSlaveClean = builder.Clean == CleanState.Clean,
        };
    }

    /// <summary>
    /// Waits until the build is over, and then until its builder is clean, a look at it has failed, or it has had as much time as it
    /// has to stop.
    /// </summary>
    private async Task<(Build Build, Builder Builder)> FollowAsync(
        long id,
        IAsyncEnumerable<MasterEvent> events,
        Builder builder,
        Func<MasterEvent, ValueTask>? observe,
        CancellationTokenSource patience)
    {
        var (begun, over) = (false, default(Build));
        var failures = 0;
        try
        {
            await foreach (var happened in events.ConfigureAwait(false))
            {
                if (observe is not null)
                    await observe(happened).ConfigureAwait(false);
                if (happened is BuilderChanged { Builder: var fresh })
                    builder = fresh;
                if (happened is EventsMissed) // by a slow observer; the last one is never among them
                    builder = await _parts.Builders.FindAsync(builder.Name, CancellationToken.None).ConfigureAwait(false) ?? builder;
                if (over is null && await ChangedAsync(happened, id).ConfigureAwait(false) is { } build)
                {
                    begun = true;
                    if (build is { Queue: null } or { Queue: QueueState.Waiting, Attempt: > 0 })
                    {
                        (over, failures) = (build, builder.Failures);
                        patience.CancelAfter(_options.AbortTimeout);
                    }
                }

                if (over is not null && (builder.Clean == CleanState.Clean || !builder.InService || builder.Failures > failures))
                    return (over, builder);
                if (!begun && !builder.InService)
                    throw new BuilderFaultException(builder.FailNotes!);
            }
        }
        catch (OperationCanceledException) when (over is not null && patience.IsCancellationRequested)
        {
            return (over, builder);
        }

        throw new InvalidOperationException("The events of a master ended before its build.");
    }

    private async Task<Build?> ChangedAsync(MasterEvent happened, long id) => happened switch
    {
        BuildChanged changed => changed.Build,
        EventsMissed => await _parts.Builds.FindAsync(id, CancellationToken.None).ConfigureAwait(false),
        _ => null,
    };

    /// <summary>Prepares the one job, for one attempt.</summary>
    private sealed class OneJob(string jobType, BuildJob job) : IJobKind
    {
        public string JobType => jobType;

        public LeafContent LeafContent => job.BuilderTag == WireNames.Managers.BinaryPackage ? LeafContent.Packages : LeafContent.Files;

        public Task<BuildDescription?> DescribeAsync(
            Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken) =>
            Task.FromResult<BuildDescription?>(null);

        public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken) => Task.FromResult<Preparation>(
            dispatch.Build.Attempt == 1 ? new Ready(job) : new Rejected(BuildState.FailedToBuild, "It is tried only once."));
    }

    /// <summary>Leaves results in <c>incoming/</c>.</summary>
    private sealed class LeftInPlace : IUploadSink
    {
        public Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
