using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// Watches a build that a slave has, until it has ended. Stateless but for its dependencies: any thread may call, and a
/// master that restarted can watch a build that it dispatched in its former life.
/// </summary>
/// <param name="slave">The slave.</param>
/// <param name="options">How to watch.</param>
/// <param name="time">For the time between two looks.</param>
/// <param name="logger">The master's diagnostics.</param>
public sealed class BuildMonitor(
    ISlaveClient slave, MonitorOptions options, TimeProvider time, ILogger<BuildMonitor> logger)
{
    /// <summary>
    /// Watches the build; the last event is <see cref="BuildEnded"/>. The slave is looked at only while somebody asks for
    /// the next event.
    /// </summary>
    /// <param name="cookie">The build, as it was called when it was dispatched.</param>
    /// <param name="abort">
    /// Cancelled to have the build aborted. The watch goes on until the slave has ended it, and its last event tells how:
    /// as aborted, or otherwise if it was about to end anyway.
    /// </param>
    /// <param name="cancellationToken">Cancelled to stop watching. The slave is not told and builds on.</param>
    /// <exception cref="BuildLostException">The slave doesn't have the build any more.</exception>
    /// <exception cref="AbortTimeoutException">The slave didn't end the build in time after it was told to.</exception>
    /// <exception cref="SlaveException">
    /// Of <see cref="MonitorOptions.MaxFailures"/> failed looks in a row the last. Whether it is transient isn't asked:
    /// looking does no harm, and hours of building are not thrown away over one bad answer.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async IAsyncEnumerable<BuildEvent> WatchAsync(
        string cookie, CancellationToken abort = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(abort, cancellationToken);
        var log = new LogFollower(slave, logger);
        var phases = new PhaseTracker();
        var progress = new ProgressTracker();
        var seen = default(BuilderStatus?);
        var failures = 0;
        var abortedAt = default(long?);
        var abortTold = false;
        while (true)
        {
            var (status, failure) = await TryStatusAsync(cancellationToken).ConfigureAwait(false);
            var delay = options.PollInterval;
            if (failure is not null)
            {
                if (++failures >= options.MaxFailures)
                    ExceptionDispatchInfo.Throw(failure);
                delay = RetryDelay(failures);
                logger.LogSlaveNotAsked(failure, slave.Url, cookie, failures);
                yield return new ScanFailed(failures, delay, failure.Message);
            }
            else if (status is not null)
            {
                failures = 0;
                if (status.Status == BuilderStatus.Idle || status.BuildId != cookie)
                    throw new BuildLostException(slave.Url, cookie, status);
                if (status.Status != seen)
                    yield return new StatusChanged(status.Status);
                seen = status.Status;
                foreach (var happened in phases.Update(status.Extra))
                    yield return happened;
                if (progress.Update(status.Extra) is { } made)
                    yield return made;
                if (options.FollowLog)
                {
                    await foreach (var happened in log.FollowAsync(status, cancellationToken).ConfigureAwait(false))
                        yield return happened;
                }

                if (status.Status == BuilderStatus.Waiting)
                {
                    logger.LogBuildEndedOnSlave(cookie, slave.Url, status.BuildStatus);
                    yield return new BuildEnded(status);
                    yield break;
                }
            }

            if (abort.IsCancellationRequested)
            {
                abortedAt ??= time.GetTimestamp();
                delay = Min(delay, options.AbortTimeout - time.GetElapsedTime(abortedAt.Value));
                if (delay <= TimeSpan.Zero)
                    throw new AbortTimeoutException(slave.Url, cookie, options.AbortTimeout);
                // Asked again after a failure, not while the slave is aborting: the reference notes each time in its log.
                if (status?.Status == BuilderStatus.Building && await TryAbortAsync(cookie).ConfigureAwait(false) && !abortTold)
                {
                    abortTold = true;
                    yield return new AbortRequested();
                }
            }

            var awake = abortedAt is null ? wake.Token : cancellationToken;
            await Task.Delay(delay, time, awake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<(StatusReply? Status, SlaveException? Failure)> TryStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            var status = await slave.StatusAsync(cancellationToken).ConfigureAwait(false);
            return status is { Status: BuilderStatus.Waiting, BuildStatus: null }
                ? (null, new SlaveProtocolException($"{slave.Url} waits, but does not say how its build ended."))
                : (status, null);
        }
        catch (SlaveException exception)
        {
            return (null, exception);
        }
    }

    /// <summary>Tells the slave. A failure is left to the next look: the build may just have ended, or the call got lost.</summary>
    private async Task<bool> TryAbortAsync(string cookie)
    {
        try
        {
            await slave.AbortAsync(CancellationToken.None).ConfigureAwait(false);
            logger.LogSlaveToldToAbort(slave.Url, cookie);
            return true;
        }
        catch (SlaveException exception)
        {
            logger.LogSlaveNotToldToAbort(exception, slave.Url, cookie);
            return false;
        }
    }

    private TimeSpan RetryDelay(int failures)
    {
        // The exponent is bounded, so that no number of failures overflows the time.
        var doubled = options.PollInterval * (1L << Math.Min(failures - 1, 16));
        return Min(doubled, options.MaxRetryDelay > options.PollInterval ? options.MaxRetryDelay : options.PollInterval);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
