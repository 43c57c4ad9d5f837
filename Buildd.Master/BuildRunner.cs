using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Master.Results;
using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buildd.Master;

/// <summary>
/// Runs one build on one slave, from an idle slave to an idle slave: dispatch, watch, fetch, clean, check. Stateless but
/// for its dependencies; any thread may call, for one slave one at a time.
/// </summary>
public sealed class BuildRunner
{
    private readonly ISlaveClient _slave;
    private readonly BuildRunnerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<BuildRunner> _logger;

    /// <summary>Makes a runner.</summary>
    /// <param name="slave">The slave.</param>
    /// <param name="options">Where results go, and how the build is watched.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="loggers">Where the master's diagnostics go; nowhere by default.</param>
    public BuildRunner(
        ISlaveClient slave, BuildRunnerOptions options, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(slave);
        ArgumentNullException.ThrowIfNull(options);
        _slave = slave;
        _options = options;
        _time = time ?? TimeProvider.System;
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _logger = _loggers.CreateLogger<BuildRunner>();
    }

    /// <summary>Runs the build.</summary>
    /// <param name="job">What to build.</param>
    /// <param name="observe">
    /// Told of everything that happens, one event at a time and in order; the build waits for it. Null for nobody, and the
    /// log is then not followed. An exception of it ends the run; the slave is then left as it is.
    /// </param>
    /// <param name="cancellationToken">
    /// Cancelled to have the build aborted. The run goes on until the slave has ended it, fetches the log if it can be had,
    /// and cleans the slave; the outcome says that it was cancelled. Before the slave has taken the build the run just ends,
    /// with an <see cref="OperationCanceledException"/>; once the results are here it no longer has an effect.
    /// </param>
    /// <returns>How the build ended: one that fails is no exception.</returns>
    /// <exception cref="DispatchException">The slave did not take the build; it is as it was.</exception>
    /// <exception cref="BuildLostException">The slave no longer has the build.</exception>
    /// <exception cref="AbortTimeoutException">The slave did not end the build after it was told to.</exception>
    /// <exception cref="ResultException">The results could not be fetched. The slave was not cleaned and still has them.</exception>
    /// <exception cref="SlaveException">
    /// The conversation failed, with retries where they make sense. If that was while fetching, the slave still has the
    /// results.
    /// </exception>
    /// <exception cref="IOException">The disk failed; the slave still has the results.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the slave had taken the build.</exception>
    public async Task<BuildOutcome> RunAsync(
        BuildJob job, Func<BuildEvent, ValueTask>? observe = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var watch = new PartWatch(_time);
        await DispatchAsync(job, observe, cancellationToken).ConfigureAwait(false);
        var durations = new BuildDurations { Dispatch = watch.Lap() };
        var reply = await WatchAsync(job, observe, cancellationToken).ConfigureAwait(false);
        durations = durations with { Build = watch.Lap() };
        var (results, cancelled) = await FetchAsync(job, reply, observe, cancellationToken).ConfigureAwait(false);
        durations = durations with { Fetch = watch.Lap() };
        var cleaned = await TryCleanAsync(job, observe).ConfigureAwait(false);
        durations = durations with { Clean = watch.Lap() };
        var status = reply.BuildStatus!.Value;
        var findings = status == BuildStatus.Ok && !cancelled && results is not null && MakesChanges(job)
            ? await ChangesCheck.CheckAsync(results.Folder, results.Files, CancellationToken.None).ConfigureAwait(false)
            : [];
        return new BuildOutcome
        {
            Cookie = job.Cookie,
            Status = status,
            Cancelled = cancelled,
            Dependencies = reply.Dependencies ?? "",
            Leaf = results?.Leaf,
            Folder = results?.Folder,
            LogPath = results?.LogPath,
            Files = results?.Files ?? [],
            Findings = findings,
            SlaveCleaned = cleaned,
            Durations = durations with { Check = watch.Lap() },
        };
    }

    private async Task DispatchAsync(BuildJob job, Func<BuildEvent, ValueTask>? observe, CancellationToken cancellationToken)
    {
        var dispatcher = new Dispatcher(_slave, _time, _loggers.CreateLogger<Dispatcher>());
        await foreach (var happened in dispatcher.DispatchAsync(job, cancellationToken).ConfigureAwait(false))
            await TellAsync(observe, happened).ConfigureAwait(false);
    }

    private async Task<StatusReply> WatchAsync(
        BuildJob job, Func<BuildEvent, ValueTask>? observe, CancellationToken abort)
    {
        var options = _options.Monitor with { FollowLog = _options.Monitor.FollowLog && observe is not null };
        var monitor = new BuildMonitor(_slave, options, _time, _loggers.CreateLogger<BuildMonitor>());
        var last = default(BuildEvent);
        await foreach (var happened in monitor.WatchAsync(job.Cookie, abort, CancellationToken.None).ConfigureAwait(false))
        {
            await TellAsync(observe, happened).ConfigureAwait(false);
            last = happened;
        }

        return ((BuildEnded)last!).Reply;
    }

    /// <summary>A good build's files and log; of others the log, as the original master does.</summary>
    private async Task<(FetchedResults? Results, bool Cancelled)> FetchAsync(
        BuildJob job, StatusReply reply, Func<BuildEvent, ValueTask>? observe, CancellationToken cancellationToken)
    {
        var fetcher = new ResultFetcher(_slave, _options.Results, _time, _loggers.CreateLogger<ResultFetcher>());
        if (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var files = reply.BuildStatus == BuildStatus.Ok ? reply.FileMap : null;
                var results = await fetcher
                    .FetchAsync(job.Cookie, files, happened => TellAsync(observe, happened), cancellationToken)
                    .ConfigureAwait(false);
                return (results, false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                _logger.LogCancelledWhileFetching(job.Cookie);
            }
        }

        try
        {
            return (await fetcher.FetchAsync(job.Cookie, null, null, CancellationToken.None).ConfigureAwait(false), true);
        }
        catch (Exception exception) when (exception is SlaveException or ResultException or IOException)
        {
            _logger.LogNoLogOfCancelled(exception, job.Cookie); // it was cancelled: the slave being free again is worth more than the log
            return (null, true);
        }
    }

    /// <summary>The results are here, so a slave that can't be cleaned spoils nothing; but it must be told.</summary>
    private async Task<bool> TryCleanAsync(BuildJob job, Func<BuildEvent, ValueTask>? observe)
    {
        var start = _time.GetTimestamp();
        try
        {
            await new SlaveCleaner(_slave).CleanAsync(job.Cookie).ConfigureAwait(false);
        }
        catch (SlaveException exception)
        {
            _logger.LogSlaveNotCleaned(exception, _slave.Url, job.Cookie);
            return false;
        }

        await TellAsync(observe, new SlaveCleaned(_time.GetElapsedTime(start))).ConfigureAwait(false);
        return true;
    }

    /// <summary>The two kinds of build that give Debian packages; the others have no <c>.changes</c>.</summary>
    private static bool MakesChanges(BuildJob job) =>
        job.BuilderTag is WireNames.Managers.BinaryPackage or WireNames.Managers.SourcePackageRecipe;

    private static ValueTask TellAsync(Func<BuildEvent, ValueTask>? observe, BuildEvent happened) =>
        observe?.Invoke(happened) ?? ValueTask.CompletedTask;
}
