using Buildd.Master.Builds;
using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Protocol.Client;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>Hands a build to a builder's slave.</summary>
internal sealed class BuildHandout(
    BuilderAgentParts parts, ISlaveClient slave, BuilderRecord builder, Attempt attempt, BuildWriter builds, BuilderFailures failures,
    ILogger logger)
{
    /// <summary>The build that is being handed over at the moment.</summary>
    private volatile Handing? _handing;

    private MasterOptions Options => parts.Options;

    /// <summary>
    /// Ends the handing over of a build that is to be cancelled: while the slave fetches its inputs, which may take hours. Any thread may
    /// call.
    /// </summary>
    public void NoticeCancel()
    {
        if (_handing is not { } handing || parts.Scheduler.Find(handing.BuildId)?.State != BuildState.Cancelling)
            return;
        try
        {
            handing.Cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was handed over in this moment: the next look at the slave aborts it.
        }
    }

    /// <summary>Hands it over, within a time limit. Whatever goes wrong is dealt with here.</summary>
    public async Task RunAsync(Build build, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(Options.DispatchTimeout, parts.Time);
        using var cancelled = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancelled.Token, stop);
        _handing = new Handing(build.Id, cancelled);
        NoticeCancel();
        // A build that breaks us goes back like any other: else it would be given to the same builder again, before all others.
        var broken = await Bulkhead.RunAsync(
            () => BeginAsync(build, either.Token), $"handing out {build.Cookie}", logger, CancellationToken.None)
            .ConfigureAwait(false);
        _handing = null;
        switch (broken)
        {
            case null:
                break;
            case OperationCanceledException when stop.IsCancellationRequested:
                // The slave doesn't have it. If that can't be stored now, the next life of the master finds the slave idle.
                await builds.TryRequeueAsync(build, null).ConfigureAwait(false);
                break;
            case OperationCanceledException when cancelled.IsCancellationRequested:
                await EndCancelledAsync(build, stop).ConfigureAwait(false);
                break;
            case OperationCanceledException when deadline.IsCancellationRequested:
                var late = new BuilderFaultException(
                    $"{builder.Name} did not take {build.Cookie} within {Options.DispatchTimeout}: {broken.Message}");
                await failures.DealWithAsync(late, build, mayRetry: false, stop).ConfigureAwait(false);
                break;
            case BuildUncertainException:
                logger.LogDispatchUncertain(broken); // the next look at the slave tells; until then the build is taken to be there
                break;
            default:
                await failures.DealWithAsync(broken, build, mayRetry: false, stop).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>The slave was not told to build; what it fetches still, it fetches for its cache.</summary>
    private async Task EndCancelledAsync(Build build, CancellationToken stop)
    {
        try
        {
            var now = parts.Scheduler.Find(build.Id) ?? build;
            await builds.EndAsync(now, BuildState.Cancelled, reason: "It was cancelled before it began.", cancellationToken: stop)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (Trouble.IsExpected(exception))
        {
            logger.LogOwnTrouble(exception, builder.Name); // the next look finds the slave idle, and ends it
        }
    }

    private async Task BeginAsync(Build build, CancellationToken cancellationToken)
    {
        var start = parts.Time.GetTimestamp();
        attempt.Forget();
        if (build.Virtualized && !builder.Now.Virtualized)
            throw new IsolationException("Attempt to build virtual item on a non-virtual builder.");
        switch (await attempt.PrepareAsync(build, cancellationToken).ConfigureAwait(false))
        {
            case NotNow(var reason):
                await builds.RequeueAsync(build, reason, cancellationToken, Options.NotPreparedDelay).ConfigureAwait(false);
                return;
            case Rejected(var state, var reason):
                await failures.FailBuildAsync(build, state, reason, cancellationToken).ConfigureAwait(false);
                return;
            case Ready(var job):
                if (!await SendAsync(build, job, cancellationToken).ConfigureAwait(false))
                    return;
                break;
        }

        parts.Meters.Dispatched(build.Manager);
        parts.Events.Publish(new BuildDispatched(build, builder.Name, parts.Time.GetElapsedTime(start)));
    }

    /// <summary>Sends it to the slave; false when the build has gone elsewhere instead.</summary>
    private async Task<bool> SendAsync(Build build, BuildJob job, CancellationToken cancellationToken)
    {
        if (Attempt.SecretsOf(job) is not { } secrets)
        {
            const string reason = "Its arguments hold more secrets than can be kept out of a log.";
            await failures.FailBuildAsync(build, BuildState.FailedToBuild, reason, cancellationToken).ConfigureAwait(false);
            return false;
        }

        var dispatcher = new Dispatcher(slave, parts.Time, parts.Loggers.CreateLogger<Dispatcher>());
        for (var first = true; ; first = false)
        {
            try
            {
                await dispatcher.DispatchAsync(job, cancellationToken).ConfigureAwait(false);
                attempt.Begin(build, secrets);
                return true;
            }
            catch (UnknownSumException exception) when (first)
            {
                logger.LogFileSentAgain(exception); // it may just have thrown the file away; if it does so twice it is at fault
            }
            catch (SlaveFaultException exception) when (exception.Refusal is { } refusal)
            {
                // Every slave would say the same: it blames nobody but what was asked for.
                await failures.FailBuildAsync(
                    build, BuildState.FailedToBuild, $"{builder.Name} refused it: {Secrets.Quote(refusal)}", cancellationToken)
                    .ConfigureAwait(false);
                return false;
            }
            catch (SlaveBusyException exception)
            {
                throw new IsolationException(exception.Message);
            }
            catch (UnknownBuilderException exception)
            {
                logger.LogSlaveUnable(exception);
                await builder.ChangeAsync(
                    changed => changed.UnableTo.Contains(
                        build.Manager) ? changed : changed with { UnableTo = [.. changed.UnableTo, build.Manager] },
                    cancellationToken).ConfigureAwait(false);
                await builds.RequeueAsync(build, $"{builder.Name} can't build a {build.Manager}", cancellationToken).ConfigureAwait(false);
                return false;
            }
        }
    }

    private sealed record Handing(long BuildId, CancellationTokenSource Cancel);
}
