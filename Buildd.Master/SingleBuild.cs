using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Dispatch;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Leaves;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <summary>A farm of one slave and one build; see <see cref="BuildMaster.RunOneAsync"/>.</summary>
internal sealed class SingleBuild(
    BuildMaster master,
    IJobKind kind,
    InMemoryBuilders builders,
    InMemoryBuilds builds,
    MasterOptions options,
    TimeProvider time,
    Func<MasterEvent, ValueTask>? observe)
{
    /// <summary>Makes the farm, and runs it to the build's end.</summary>
    internal static async Task<FinishedBuild> RunAsync(
        ISlaveClient slave,
        BuildJob job,
        MasterOptions options,
        Func<MasterEvent, ValueTask>? observe,
        TimeProvider? time,
        ILoggerFactory? loggers,
        CancellationToken cancellationToken)
    {
        var status = await slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status != BuilderStatus.Idle)
            throw new SlaveBusyException(slave.Url, status);

        var (builds, builders) = (new InMemoryBuilds(time) { FirstId = job.Cookie.Id }, new InMemoryBuilders(time));
        var builder = new Builder { Name = slave.Url.Authority, Url = slave.Url, Manual = false, Clean = CleanState.Clean };
        await builders.TryAddAsync(builder, cancellationToken).ConfigureAwait(false);
        var added = new NewBuild { JobType = job.Cookie.JobType, Manager = job.BuilderTag, Title = job.ToString() };
        var build = (await builds.AddAsync([added], cancellationToken).ConfigureAwait(false))[0];
        var kind = new OneJob(job.Cookie.JobType, job);
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
        return await new SingleBuild(master, kind, builders, builds, options, time ?? TimeProvider.System, observe)
            .RunToEndAsync(build, builder, cancellationToken).ConfigureAwait(false);
    }

    private async Task<FinishedBuild> RunToEndAsync(Build build, Builder builder, CancellationToken cancellationToken)
    {
        master.Logs.Clear(build with { Attempt = 1 });
        await master.LoadQueueAsync(cancellationToken).ConfigureAwait(false);
        using var stop = new CancellationTokenSource();
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var events = master.Events(patience.Token);
        var working = master.WorkAsync(stop.Token);
        var cancelling = Task.CompletedTask;
        try
        {
            using (cancellationToken.Register(() => cancelling = master.CancelAsync(build.Id, CancellationToken.None)))
                (build, builder) = await FollowAsync(build.Id, events, builder, patience).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await working.ConfigureAwait(false);
            await cancelling.ConfigureAwait(false);
        }

        foreach (var pending in master.Logs.Pending().Where(pending => pending.Cookie == build.Cookie))
            await master.Logs.PackAsync(pending, CancellationToken.None).ConfigureAwait(false);
        var hasResults = build.State == BuildState.Uploading;
        var leaf = hasResults ? Path.Combine(new LeafFolders(options.Root).Incoming, build.Leaf!) : "";
        var check = hasResults && kind.LeafContent == LeafContent.Packages
            ? await new UploadCheck(null, time).CheckAsync(leaf, new UploadTarget(), CancellationToken.None).ConfigureAwait(false)
            : null;
        return new FinishedBuild
        {
            Build = build,
            Folder = hasResults ? LeafFolders.ResultsIn(leaf, build) : null,
            LogPath = master.Logs.StoredPath(build),
            Findings = check?.Findings ?? [],
            IsSlaveClean = builder.Clean == CleanState.Clean,
        };
    }

    /// <summary>
    /// Waits until the build is over, and then until its builder is clean, a look at it has failed, or it has had as much time as it
    /// has to stop.
    /// </summary>
    private async Task<(Build Build, Builder Builder)> FollowAsync(
        long id, IAsyncEnumerable<MasterEvent> events, Builder builder, CancellationTokenSource patience)
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
                    builder = await builders.FindAsync(builder.Name, CancellationToken.None).ConfigureAwait(false) ?? builder;
                if (over is null && await ChangedAsync(happened, id).ConfigureAwait(false) is { } build)
                {
                    begun = true;
                    if (build is { Queue: null } or { Queue: QueueState.Waiting, Attempt: > 0 })
                    {
                        (over, failures) = (build, builder.Failures);
                        patience.CancelAfter(options.AbortTimeout);
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
        EventsMissed => await builds.FindAsync(id, CancellationToken.None).ConfigureAwait(false),
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
