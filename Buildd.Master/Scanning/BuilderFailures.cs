using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Connections;
using Buildd.Master.Dispatch;
using Buildd.Master.Notification;
using Buildd.Master.Results;
using Buildd.Protocol.Client;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>What goes wrong with a builder and its build, and who is to blame for it. For one thread at a time.</summary>
internal sealed class BuilderFailures(BuilderAgentParts parts, BuilderRecord builder, BuildWriter builds, ILogger logger)
{
    /// <summary>
    /// How many races in a row are tried again at once: the winner's change is known a moment later. Who loses more of them has an
    /// outdated queue, and waits for a fresh one.
    /// </summary>
    private const int MaxRaces = 5;

    private int _failedScans;
    private int _lostRaces;
    private (long Id, int Attempt, long Since)? _stopping;
    private (long Id, int Attempt, long Since)? _withoutRoom;

    private MasterOptions Options => parts.Options;

    private NextScan Later => NextScan.After(Options.PollInterval);

    /// <summary>A look at the slave went well.</summary>
    public void LookedAt() => (_failedScans, _lostRaces, _withoutRoom) = (0, 0, null);

    /// <summary>Deals with whatever went wrong in a look at the slave or in a dispatch.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="build">The build that it was about; null when there was none.</param>
    /// <param name="mayRetry">Whether the same may go well the next time; null to go by the exception.</param>
    /// <param name="cancellationToken">The master is stopping.</param>
    public async Task<NextScan> DealWithAsync(Exception exception, Build? build, bool? mayRetry, CancellationToken cancellationToken)
    {
        try
        {
            // The build as it is by now: its record may have been replaced after the caller read it.
            build = build is null ? null : parts.Scheduler.Find(build.Id) is { } now && now.Builder == builder.Name ? now : null;
            switch (exception)
            {
                case RaceLostException:
                    await builder.RereadAsync(cancellationToken).ConfigureAwait(false);
                    return ++_lostRaces < MaxRaces ? NextScan.Now : Later;
                case LeaseLostException:
                    logger.LogLeaseLost(builder.Name);
                    return Later; // the next refresh ends this
                case ResultsTooLargeException when build is { State: BuildState.Gathering }:
                    await FailBuildAsync(build, BuildState.FailedToBuild, exception.Message, cancellationToken).ConfigureAwait(false);
                    return NextScan.Now;
                case NoSpaceException when build is { State: BuildState.Gathering } && HasWaitedForRoom(build):
                    var reason = $"Its results could not be fetched for {Options.RoomTimeout}: {exception.Message}";
                    await FailBuildAsync(build, BuildState.FailedToBuild, reason, cancellationToken).ConfigureAwait(false);
                    return NextScan.Now;
                case SlaveException or MasterException
                    when exception is not (NoSpaceException or LeafExistsException or RecordsException or SlaveKeyException):
                    var again = mayRetry ?? exception is not (IsolationException or CannotResetException or BuilderFaultException
                        or BadFileMapException or DispatchException);
                    return await JudgeAsync(exception, build, again, cancellationToken).ConfigureAwait(false);
                default:
                    logger.LogOwnTrouble(exception, builder.Name); // disk, stores, keys, or a mistake in code: nobody is blamed
                    if (mayRetry == false && build is not null)
                        await builds.TryRequeueAsync(build, "The master had trouble of its own.").ConfigureAwait(false);
                    return Later;
            }
        }
        catch (RaceLostException)
        {
            return Later; // while it was dealt with: what others did is seen at the next look
        }
        catch (Exception second) when (Trouble.IsExpected(second) && !cancellationToken.IsCancellationRequested)
        {
            logger.LogOwnTrouble(second, builder.Name);
            return Later;
        }
    }

    /// <summary>
    /// Whether the time in which a cancelled build has to stop is over. It begins when the agent first finds the build so, by a clock that
    /// nobody sets: a builder is told to stop it only then, also by a master that was started again.
    /// </summary>
    public bool IsOverdue(Build build)
    {
        if (build.State != BuildState.Cancelling)
            return false;
        if (_stopping?.Id != build.Id || _stopping?.Attempt != build.Attempt)
            _stopping = (build.Id, build.Attempt, parts.Time.GetTimestamp());
        return parts.Time.GetElapsedTime(_stopping.Value.Since) >= Options.AbortTimeout;
    }

    /// <summary>The build is cancelled whatever the slave does; that it did not stop is a failure of the builder's.</summary>
    public async Task<NextScan> GiveUpAbortAsync(Build build, CancellationToken cancellationToken)
    {
        var reason = $"{builder.Name} did not stop it within {Options.AbortTimeout.TotalSeconds:0} s";
        logger.LogBuildNotStopped(builder.Name, build.Cookie);
        parts.Meters.Failed(builder.Name);
        var verdict = builder.Now.Failures + 1 >= FailureJudge.FailThreshold ? BuilderVerdict.Fail : BuilderVerdict.MakeDirty;
        await PunishAsync(verdict, false, reason, cancellationToken).ConfigureAwait(false);
        await builds.EndAsync(build, BuildState.Cancelled, reason: reason, cancellationToken: cancellationToken).ConfigureAwait(false);
        return NextScan.Now;
    }

    /// <summary>Fails a build, and tells people why: by its log, and by mail as of a build that failed at its builder.</summary>
    public async Task FailBuildAsync(Build build, BuildState state, string reason, CancellationToken cancellationToken)
    {
        var stored = await builds.FailAsync(build, state, reason, cancellationToken).ConfigureAwait(false);
        if (stored.State is BuildState.FailedToBuild or BuildState.ChrootWait)
            await NotifyAsync((notifier, stop) => notifier.BuildFailedAsync(stored, stop)).ConfigureAwait(false);
    }

    /// <summary>Takes the builder out of service at once.</summary>
    public Task FailAsync(string reason, CancellationToken cancellationToken) =>
        PunishAsync(BuilderVerdict.Fail, false, reason, cancellationToken);

    /// <summary>A result was collected: the builder does its work.</summary>
    public async Task ForgiveAsync(CancellationToken cancellationToken)
    {
        if (builder.Now.Failures != 0)
            await builder.ChangeAsync(changed => changed with { Failures = 0 }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notifies people, within a time limit. What it is about is stored: they will see it there whatever comes of this.</summary>
    public async Task NotifyAsync(Func<INotifier, CancellationToken, Task> tell)
    {
        if (parts.Master.Notifier is not { } notifier)
            return;
        using var deadline = new CancellationTokenSource(Options.NotifierTimeout, parts.Time);
        var broken = await Bulkhead.RunAsync(
            () => tell(notifier, deadline.Token).WaitAsync(deadline.Token), $"notifying people about {builder.Name}", logger,
            CancellationToken.None).ConfigureAwait(false);
        if (broken is not null)
            logger.LogNobodyNotified(broken, builder.Name);
    }

    /// <summary>Whether the disk has had no room for a build's results for as long as they may wait for it.</summary>
    private bool HasWaitedForRoom(Build build)
    {
        if (_withoutRoom?.Id != build.Id || _withoutRoom?.Attempt != build.Attempt)
            _withoutRoom = (build.Id, build.Attempt, parts.Time.GetTimestamp());
        return parts.Time.GetElapsedTime(_withoutRoom.Value.Since) >= Options.RoomTimeout;
    }

    private async Task<NextScan> JudgeAsync(Exception exception, Build? build, bool mayRetry, CancellationToken cancellationToken)
    {
        if (build is not null && IsOverdue(build))
            return await GiveUpAbortAsync(build, cancellationToken).ConfigureAwait(false);
        if (mayRetry && ++_failedScans < Options.ScansPerFailure)
        {
            logger.LogScanFailed(exception, builder.Name, _failedScans);
            return Later;
        }

        _failedScans = 0;
        var reason = SlaveConnections.Explain(builder.Now, exception);
        var counted = build is null ? null : build with { Failures = build.Failures + 1 };
        var failures = builder.Now.Failures + 1;
        var verdict = FailureJudge.Judge(exception is IsolationException, mayRetry, failures, counted?.Failures ?? 0);
        if (counted is null)
            logger.LogBuilderFailureJudged(exception, builder.Name, failures, verdict.Builder);
        else
            logger.LogFailureJudged(exception, builder.Name, failures, counted.Cookie, counted.Failures, verdict.Builder, verdict.Job);
        parts.Meters.Failed(builder.Name);
        // The builder's count is zeroed when the job was the bad one of the two.
        var jobIsBad = verdict == (BuilderVerdict.Spare, JobVerdict.Fail);
        await PunishAsync(verdict.Builder, jobIsBad, reason, cancellationToken).ConfigureAwait(false);
        if (counted is null)
            return Later;
        if (verdict.Job == JobVerdict.Fail || counted.State == BuildState.Cancelling)
            await FailBuildAsync(counted, BuildState.FailedToBuild, reason, cancellationToken).ConfigureAwait(false);
        else if (verdict.Job == JobVerdict.Reset)
            await builds.RequeueAsync(counted, reason, cancellationToken, Options.FailureDelay).ConfigureAwait(false);
        else
            await builds.StoreAsync(counted, cancellationToken).ConfigureAwait(false);
        return verdict.Job == JobVerdict.Spare ? Later : NextScan.Now;
    }

    private async Task PunishAsync(BuilderVerdict verdict, bool forgiven, string reason, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        var punished = await builder.ChangeAsync(changed =>
        {
            changed = changed with { Failures = forgiven ? 0 : changed.Failures + 1 };
            return verdict switch
            {
                BuilderVerdict.Spare => changed,
                BuilderVerdict.MakeDirty => changed.Made(CleanState.Dirty, now),
                BuilderVerdict.Fail => changed.OutOfService(reason),
                _ => throw new InvalidOperationException($"No such verdict: {verdict}."),
            };
        }, cancellationToken).ConfigureAwait(false);
        if (verdict == BuilderVerdict.Fail)
            await NotifyAsync((notifier, stop) => notifier.BuilderFailedAsync(punished, stop)).ConfigureAwait(false);
    }
}
