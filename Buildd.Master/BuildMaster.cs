using System.Diagnostics.Metrics;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Master.Connections;
using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Master.Leaves;
using Buildd.Master.Logs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master;

/// <summary>
/// The master of a build farm: gives waiting builds to free builders, watches them, brings home what they build, and puts
/// to rights what goes wrong. It holds nothing that isn't in its parts or on its slaves: it may be killed at any moment and goes on
/// when it is started again. Any thread may call.
/// </summary>
public sealed class BuildMaster : IAsyncDisposable
{
    /// <summary>The name of the meter with a master's figures and of the source of its spans: <c>Buildd.Master</c>.</summary>
    public const string MeterName = MasterMeters.Name;

    /// <summary>How many uploads are told again at a start.</summary>
    private const int UploadBatch = BuildFilter.MaxCount;

    private readonly MasterOptions _options;
    private readonly BuildMasterParts _parts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SlaveConnections _connections;
    private readonly Scheduler _scheduler;
    private readonly Gatherer _gatherer;
    private readonly EventHub _events;
    private readonly MasterMeters _meters;
    private readonly Signal _refresh;
    private readonly BuilderSeats _seats;
    private readonly LogPacker _packer;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<Builder> _known = [];

    /// <summary>Makes a master; nothing happens before <see cref="RunAsync"/>, but the folders below its root are made.</summary>
    /// <param name="options">How it works.</param>
    /// <param name="parts">What it works on and with. They are not disposed of.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="loggers">Where its diagnostics go; nowhere by default.</param>
    /// <exception cref="ArgumentException">Two kinds of job have one name, or a lease is not longer than a refresh.</exception>
    /// <exception cref="IOException">A folder can't be made.</exception>
    /// <exception cref="SlaveKeyException">A file with a key to slaves can't be used.</exception>
    public BuildMaster(MasterOptions options, BuildMasterParts parts, TimeProvider? time = null, ILoggerFactory? loggers = null)
        : this(options, parts, time, loggers, DiskSpace.FreeBytes, Random.Shared.NextDouble, DiskSpace.TotalBytes)
    {
    }

    /// <summary>The same with stand-ins for the disk and for chance, which returns numbers from 0 to 1; for tests.</summary>
    internal BuildMaster(
        MasterOptions options, BuildMasterParts parts, TimeProvider? time, ILoggerFactory? loggers, Func<string, long> freeBytes,
        Func<double> spread, Func<string, long>? totalBytes = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(parts);
        if (options.LeaseDuration <= options.RefreshInterval)
            throw new ArgumentException("A lease has to be longer than the time between two refreshes.", nameof(options));
        loggers ??= NullLoggerFactory.Instance;
        (_options, _parts, _time) = (options, parts, time ?? TimeProvider.System);
        _logger = loggers.CreateLogger<BuildMaster>();
        _connections = new SlaveConnections(options.SlaveKeys, options.CallTimeout, _time, loggers.CreateLogger<SlaveConnections>());
        _connections.Check();
        _refresh = new Signal(_time);
        _events = new EventHub(_time);
        _gatherer = new Gatherer(options, freeBytes, totalBytes);
        _scheduler = new Scheduler(
            parts.Builds, parts.Queue, parts.Builders, options.FairShare, _time, loggers.CreateLogger<Scheduler>(), options.LongestWait)
        {
            Changed = OnChanged,
        };
        _meters = new MasterMeters(() => _scheduler.Waiting, MeasureBuilders);
        Logs = new LogStore(Path.Combine(options.Root, "logs"), options.SpareBytes, () => freeBytes(options.Root))
        {
            Postponed = () => _packer!.Wake(),
        };
        _packer = new LogPacker(Logs, parts.Builds, _time, loggers.CreateLogger<LogPacker>());
        var agentParts = new BuilderAgentParts
        {
            Options = options,
            Master = parts,
            Scheduler = _scheduler,
            Gatherer = _gatherer,
            Logs = Logs,
            Events = _events,
            Meters = _meters,
            Time = _time,
            Loggers = loggers,
            Kinds = parts.Kinds.ToDictionary(kind => kind.JobType, StringComparer.Ordinal),
            Spread = spread,
        };
        _seats = new BuilderSeats(agentParts, Connect, _logger);
    }

    /// <summary>The logs of all builds.</summary>
    public LogStore Logs { get; }

    /// <summary>
    /// Completes when the queue is known, from when on builds are handed out; a program is ready then. It stays incomplete when the queue
    /// can't be read, which ends <see cref="RunAsync"/>.
    /// </summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Whether everything waits for time to pass; for tests, which then move the clock.</summary>
    /// <remarks>Twice, as one may have woken another between the looks at them.</remarks>
    internal bool IsQuiet => AllWait && AllWait;

    private bool AllWait => _refresh.IsWaitedFor && _scheduler.IsQuiet && _seats.Agents.All(agent => agent.IsWaiting);

    /// <summary>Up to which revision the queue is known; for tests.</summary>
    internal long KnownRevision => _scheduler.Revision;

    /// <summary>
    /// All that happens from now on, until cancelled. Who is slow misses events (<see cref="EventsMissed"/>) and holds up
    /// nobody.
    /// </summary>
    public IAsyncEnumerable<MasterEvent> Events(CancellationToken cancellationToken = default) => _events.Listen(cancellationToken);

    /// <summary>Reads the queue, as <see cref="RunAsync"/> does first.</summary>
    internal async Task LoadQueueAsync(CancellationToken cancellationToken)
    {
        await _scheduler.LoadAsync(cancellationToken).ConfigureAwait(false);
        _loaded.TrySetResult();
    }

    /// <summary>Has the list of builders read now, and each slave looked at; for who has just changed something.</summary>
    public void Refresh() => _refresh.Set();

    /// <summary>
    /// Does the work until cancelled, and then ends: what is being done is cut short where that does no harm, builds run
    /// on, and the builders are given back to be taken by another master.
    /// </summary>
    /// <exception cref="IOException">The folders can't be read at the start. The stores' own exceptions too, at the start only.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await LoadQueueAsync(cancellationToken).ConfigureAwait(false);
        await _gatherer.SweepAsync(async () =>
        {
            // Another master of this root may have begun to fetch since the queue was read.
            await _scheduler.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return _scheduler.Queued();
        }).ConfigureAwait(false);
        await TellOfUploadsAsync(cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var packing = _packer.RunAsync(_options.RefreshInterval, stop.Token);
        try
        {
            await WorkAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await packing.ConfigureAwait(false);
        }
    }

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
    public static Task<FinishedBuild> RunOneAsync(
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
        if (LeafName.TryParse(job.Cookie.ToString())?.Cookie != job.Cookie)
            throw new ArgumentException($"The cookie {job.Cookie} is not JOBTYPE-ID, such as PACKAGEBUILD-22.", nameof(job));
        return SingleBuild.RunAsync(slave, job, options, observe, time, loggers, cancellationToken);
    }

    /// <summary>Has a build stopped: see <see cref="BuildTransitions.CancelledBy"/>.</summary>
    /// <returns>The build as it is then; null when there is none.</returns>
    public async Task<Build?> CancelAsync(long id, CancellationToken cancellationToken = default)
    {
        var build = await _parts.Builds.ChangeAsync(id, build => build.CancelledBy(_time.GetUtcNow()), cancellationToken)
            .ConfigureAwait(false);
        if (build is not null)
            _scheduler.Apply(build);
        return build;
    }

    /// <summary>Why a build isn't running, from what this master knows; for any build.</summary>
    public async Task<WaitingReason> WhyWaitingAsync(long id, CancellationToken cancellationToken = default)
    {
        var build = _scheduler.Find(id) ?? await _parts.Builds.FindAsync(id, cancellationToken).ConfigureAwait(false);
        return build is null
            ? new WaitingReason($"There is no build {id}.")
            : new WaitingReasoner(_scheduler, _known, _time.GetUtcNow()).Explain(build);
    }

    /// <summary>
    /// Checks all builders that are in service, as the original's operation of this name does: each must echo, speak protocol
    /// 1.0 and be of an architecture of its record, and must not have a build that isn't its own. One that does not is taken out of
    /// service; a virtual one that can't be reached is reset.
    /// </summary>
    /// <returns>What was found, for each builder that was checked.</returns>
    public async Task<IReadOnlyList<BuilderFinding>> CheckBuildersAsync(CancellationToken cancellationToken = default)
    {
        var agents = await EnsureAgentsAsync(cancellationToken).ConfigureAwait(false);
        var checks = agents.Where(agent => agent.Builder.InService).Select(agent => agent.CheckAsync(cancellationToken));
        return await Task.WhenAll(checks).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks once at all builders that have a build, all at the same time, as the original's operation of this name does; a
    /// slave that has forgotten its build loses it. Needs no <see cref="RunAsync"/>.
    /// </summary>
    public async Task ScanActiveBuildersAsync(CancellationToken cancellationToken = default)
    {
        var agents = await EnsureAgentsAsync(cancellationToken).ConfigureAwait(false);
        var active = agents.Where(agent => _scheduler.OnBuilder(agent.Builder.Name) is not null).ToList();
        await Task.WhenAll(active.Select(agent => agent.ScanAsync(cancellationToken))).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _seats.RetireAsync(_ => true).ConfigureAwait(false);
        _meters.Dispose();
        _gatherer.Dispose();
        _connections.Dispose();
    }

    /// <summary>Gives work and looks after builders until cancelled; the queue is known already.</summary>
    internal async Task WorkAsync(CancellationToken cancellationToken)
    {
        _logger.LogMasterStarted(_options.Name);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var scheduling = _scheduler.RunAsync(stop.Token);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await TryRefreshAsync(stop.Token).ConfigureAwait(false);
                await _refresh.WaitAsync(_options.RefreshInterval, stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await _seats.RetireAsync(_ => true).ConfigureAwait(false);
            await scheduling.ConfigureAwait(false);
            await TryReleaseAsync().ConfigureAwait(false);
            _logger.LogMasterStopped(_options.Name);
        }
    }

    private async Task TellOfUploadsAsync(CancellationToken cancellationToken)
    {
        var filter = new BuildFilter { State = BuildState.Uploading, Count = UploadBatch };
        while (await _parts.Builds.ListAsync(filter, cancellationToken).ConfigureAwait(false) is { Count: > 0 } builds)
        {
            foreach (var build in builds.Where(_gatherer.HasLanded))
            {
                var landed = new LandedUpload(build, _gatherer.LandedFolder(build));
                var broken = await Bulkhead.RunAsync(
                    () => _parts.Uploads.LandedAsync(landed, cancellationToken), $"announcing the upload of {build.Cookie}", _logger,
                    cancellationToken).ConfigureAwait(false);
                if (broken is not null)
                    _logger.LogSinkFailed(broken, build.Cookie);
            }

            filter = filter with { Before = builds[^1].Id };
        }
    }

    private async Task<IReadOnlyList<BuilderAgent>> EnsureAgentsAsync(CancellationToken cancellationToken)
    {
        if (_known.Count == 0) // it doesn't run
            await _scheduler.LoadAsync(cancellationToken).ConfigureAwait(false);
        await _scheduler.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await RefreshAsync(start: false, cancellationToken).ConfigureAwait(false);
        return _seats.Agents;
    }

    private async Task TryRefreshAsync(CancellationToken cancellationToken)
    {
        var broken = await Bulkhead.RunAsync(
            () => RefreshAsync(start: true, cancellationToken), "reading the list of builders", _logger, cancellationToken)
            .ConfigureAwait(false);
        if (broken is not null)
            _logger.LogBuildersNotRead(broken); // leases outlast a few of these
    }

    private async Task RefreshAsync(bool start, CancellationToken cancellationToken)
    {
        var own = await _parts.Builders.LeaseAsync(_options.Name, _options.LeaseDuration, _options.MaxBuilders, cancellationToken)
            .ConfigureAwait(false);
        _known = await _parts.Builders.ListAsync(cancellationToken).ConfigureAwait(false);
        await _seats.TakeAsync(own, start).ConfigureAwait(false);
        await FreeOrphansAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Builds whose builder was removed from the farm are lost.</summary>
    private async Task FreeOrphansAsync(CancellationToken cancellationToken)
    {
        var known = _known.Select(builder => builder.Name).ToHashSet(StringComparer.Ordinal);
        var orphans = _scheduler.Running().Where(build => !known.Contains(build.Builder!) && !_gatherer.HasLanded(build));
        foreach (var build in orphans)
        {
            _logger.LogBuildOrphaned(build.Cookie, build.Builder!);
            var lost = build.Requeued(_time.GetUtcNow(), $"its builder {build.Builder} was removed");
            if ((await _parts.Builds.TryReplaceAsync([lost], cancellationToken).ConfigureAwait(false))[0] is not { } stored)
                continue;
            _gatherer.Discard(build);
            _scheduler.Apply(stored);
        }
    }

    private ISlaveClient Connect(Builder builder) => _parts.Connect?.Invoke(builder)
        ?? _connections.Connect(builder, builder.Virtualized ? _options.VirtualCallTimeout : _options.CallTimeout);

    private async Task TryReleaseAsync()
    {
        try
        {
            await _parts.Builders.ReleaseAsync(_options.Name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (Trouble.IsExpected(exception))
        {
            _logger.LogLeasesNotReleased(exception); // they run out
        }
    }

    private void OnChanged(Build? before, Build build)
    {
        _events.Publish(new BuildChanged(build, before));
        if (build.Queue is null && before is not null)
        {
            _meters.Finished(build.State);
            _events.Publish(new BuildFinished(build));
        }

        // What its builder's agent has done itself wakes it once too often, which is what its loop does anyway.
        if ((before?.State, build.State) is (_, BuildState.Cancelling) or (BuildState.Building, BuildState.NeedsBuild)
            && (build.Builder ?? before?.Builder) is { } name)
            _seats.Find(name)?.Wake();
    }

    private List<Measurement<int>> MeasureBuilders()
    {
        var builders = _seats.Agents.Select(agent => agent.Builder);
        return
        [
            .. builders
                .GroupBy(builder => !builder.InService ? "failed" : _scheduler.OnBuilder(builder.Name) is not null ? "building"
                    : builder.Manual ? "manual" : builder.Clean == CleanState.Clean ? "free" : "cleaning")
                .Select(group => new Measurement<int>(group.Count(), new KeyValuePair<string, object?>("state", group.Key))),
        ];
    }
}
