using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Dispatch;
using Buildd.Master.Notification;
using Buildd.Master.Results;
using Buildd.Protocol.Client;

namespace Buildd.Master.Scanning;

/// <content>What goes wrong, who is to blame for it, and the changes of records.</content>
internal sealed partial class BuilderAgent
{
    /// <summary>How many times a builder's record is tried to be changed when others change it at the same time.</summary>
    private const int ChangeAttempts = 10;

    /// <summary>Deals with whatever went wrong in a look at the slave or in a dispatch.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="build">The build that it was about; null when there was none.</param>
    /// <param name="mayRetry">Whether the same may go well the next time; null to go by the exception.</param>
    /// <param name="cancellationToken">The master is stopping.</param>
    private async Task<NextScan> DealWithAsync(Exception exception, Build? build, bool? mayRetry, CancellationToken cancellationToken)
    {
        try
        {
            // The build as it is by now: its record may have been replaced after the caller read it.
            build = build is null ? null : _parts.Scheduler.Find(build.Id) is { } now && now.Builder == _builder.Name ? now : null;
            switch (exception)
            {
                case RaceLostException:
                    await RereadAsync(cancellationToken).ConfigureAwait(false);
                    return After(TimeSpan.Zero);
                case LeaseLostException:
                    _logger.LogLeaseLost(_builder.Name);
                    return Later; // the next refresh ends this
                case SlaveException or MasterException when exception is not NoSpaceException and not LeafExistsException:
                    var again = mayRetry ?? exception is not (IsolationException or CannotResetException or BuilderFaultException
                        or BadFileMapException or DispatchException);
                    return await JudgeAsync(exception, build, again, cancellationToken).ConfigureAwait(false);
                default:
                    _logger.LogOwnTrouble(exception, _builder.Name); // disk, stores, or a mistake of ours: nobody is blamed
                    if (mayRetry == false && build is not null)
                        await TryResetAsync(build, "The master had trouble of its own.").ConfigureAwait(false);
                    return Later;
            }
        }
        catch (RaceLostException)
        {
            return Later; // while it was dealt with: what others did is seen at the next look
        }
        catch (Exception second) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.LogOwnTrouble(second, _builder.Name);
            return Later;
        }
    }

    private async Task<NextScan> JudgeAsync(Exception exception, Build? build, bool mayRetry, CancellationToken cancellationToken)
    {
        if (build is not null && IsOverdue(build))
            return await GiveUpAbortAsync(build, cancellationToken).ConfigureAwait(false);
        if (mayRetry && ++_failedScans < Options.ScansPerFailure)
        {
            _logger.LogScanFailed(exception, _builder.Name, _failedScans);
            return Later;
        }

        _failedScans = 0;
        var reason = Secrets.Quote(exception.Message);
        var counted = build is null ? null : build with { Failures = build.Failures + 1 };
        var verdict = FailureJudge.Judge(exception is IsolationException, mayRetry, _builder.Failures + 1, counted?.Failures ?? 0);
        _logger.LogFailureJudged(exception, _builder.Name, _builder.Failures + 1, build?.Cookie, counted?.Failures ?? 0, verdict.Builder, verdict.Job);
        _parts.Meters.Failed(_builder.Name);
        // The builder's count is zeroed when the job was the bad one of the two.
        var jobIsBad = verdict == (BuilderVerdict.Spare, JobVerdict.Fail);
        await PunishAsync(verdict.Builder, jobIsBad, reason, cancellationToken).ConfigureAwait(false);
        if (counted is null)
            return Later;
        if (verdict.Job == JobVerdict.Fail || counted.State == BuildState.Cancelling)
            await EndAsync(counted, BuildState.FailedToBuild, reason: reason, cancellationToken: cancellationToken).ConfigureAwait(false);
        else if (verdict.Job == JobVerdict.Reset)
            return await ResetAsync(counted, reason, cancellationToken, Options.FailureDelay).ConfigureAwait(false);
        else
            await StoreAsync(counted, cancellationToken).ConfigureAwait(false);
        return verdict.Job == JobVerdict.Spare ? Later : After(TimeSpan.Zero);
    }

    private async Task PunishAsync(BuilderVerdict verdict, bool forgiven, string reason, CancellationToken cancellationToken)
    {
        var now = _parts.Time.GetUtcNow();
        var builder = await ChangeAsync(changed =>
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
            await NotifyAsync((notifier, stop) => notifier.BuilderFailedAsync(builder, stop)).ConfigureAwait(false);
    }

    /// <summary>A failure of the builder's alone.</summary>
    private Task CountAgainstBuilderAsync(string reason, CancellationToken cancellationToken)
    {
        _parts.Meters.Failed(_builder.Name);
        return PunishAsync(_builder.Failures + 1 >= FailureJudge.FailThreshold ? BuilderVerdict.Fail : BuilderVerdict.MakeDirty, false, reason, cancellationToken);
    }

    /// <summary>Takes the builder out of service at once.</summary>
    public Task FailAsync(string reason, CancellationToken cancellationToken) =>
        PunishAsync(BuilderVerdict.Fail, false, reason, cancellationToken);

    /// <summary>A result was collected: the builder does its work.</summary>
    private async Task ForgiveAsync(CancellationToken cancellationToken)
    {
        if (_builder.Failures != 0)
            await ChangeAsync(changed => changed with { Failures = 0 }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The build goes back into the queue, with what is here of its log.</summary>
    private async Task<NextScan> ResetAsync(Build build, string? reason, CancellationToken cancellationToken, TimeSpan delay = default)
    {
        var kept = build.LogName ?? await CloseLogAsync(build, cancellationToken).ConfigureAwait(false);
        await StoreAsync(build.Requeued(_parts.Time.GetUtcNow(), reason, delay) with { LogName = kept }, cancellationToken).ConfigureAwait(false);
        DiscardLeaf(build);
        return After(TimeSpan.Zero);
    }

    private async Task TryResetAsync(Build build, string? reason)
    {
        try
        {
            await ResetAsync(build, reason, CancellationToken.None, reason is null ? default : Options.NotPreparedDelay).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _logger.LogOwnTrouble(exception, _builder.Name); // it stays as if the builder had it, and is found lost at the next look
        }
    }

    private async Task<Build> EndAsync(
        Build build, BuildState state, string dependencies = "", string? reason = null, CancellationToken cancellationToken = default)
    {
        var kept = build.LogName ?? await CloseLogAsync(build, cancellationToken).ConfigureAwait(false);
        var ended = build.Ended(state, _parts.Time.GetUtcNow(), dependencies, reason) with { LogName = kept };
        var stored = await StoreAsync(ended, cancellationToken).ConfigureAwait(false);
        DiscardLeaf(build);
        return stored;
    }

    /// <summary>Stores what is here of the log of an attempt that has come to nothing.</summary>
    private async Task<string?> CloseLogAsync(Build build, CancellationToken cancellationToken)
    {
        try
        {
            if (_watch?.IsOf(build) == true)
                _watch.Complete();
            ForgetAttempt();
            return await NameAndStoreLogAsync(build, BuildState.NeedsBuild, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            _logger.LogLogNotWritten(exception, build.Cookie);
            return null;
        }
    }

    private void DiscardLeaf(Build build)
    {
        try
        {
            _parts.Gatherer.Discard(build);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogUnneededLeafLeft(exception, build.Leaf!); // it is removed at the next start
        }
    }

    /// <summary>Stores a changed build.</summary>
    /// <exception cref="RaceLostException">Somebody else has changed it; what is known here is fresh again.</exception>
    private async Task<Build> StoreAsync(Build build, CancellationToken cancellationToken)
    {
        if ((await _parts.Master.Builds.TryReplaceAsync([build], cancellationToken).ConfigureAwait(false))[0] is { } stored)
        {
            _parts.Scheduler.Apply(stored);
            return stored;
        }

        if (await _parts.Master.Builds.FindAsync(build.Id, cancellationToken).ConfigureAwait(false) is { } fresh)
            _parts.Scheduler.Apply(fresh);
        throw new RaceLostException(build.Cookie);
    }

    /// <summary>Changes the builder's record, whoever else changes other parts of it.</summary>
    /// <exception cref="LeaseLostException">It isn't ours any more.</exception>
    private async Task<Builder> ChangeAsync(Func<Builder, Builder> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < ChangeAttempts; attempt++)
        {
            var changed = change(_builder);
            if (ReferenceEquals(changed, _builder))
                return changed;
            if ((await Builders.TryReplaceAsync([changed], cancellationToken).ConfigureAwait(false))[0] is { } stored)
            {
                _builder = stored;
                _parts.Events.Publish(new BuilderChanged(stored));
                return stored;
            }

            await RereadAsync(cancellationToken).ConfigureAwait(false);
        }

        throw new RaceLostException(_builder.Name);
    }

    /// <exception cref="LeaseLostException">It isn't ours any more.</exception>
    private async Task RereadAsync(CancellationToken cancellationToken)
    {
        var fresh = await Builders.FindAsync(_builder.Name, cancellationToken).ConfigureAwait(false);
        if (fresh is null || fresh.LeaseOwner != Options.Name)
            throw new LeaseLostException(_builder.Name);
        if (fresh.Revision > _builder.Revision)
        {
            _builder = fresh;
            _parts.Events.Publish(new BuilderChanged(fresh));
        }
    }

    private async Task NotifyAsync(Func<INotifier, CancellationToken, Task> tell)
    {
        if (_parts.Master.Notifier is not { } notifier)
            return;
        using var deadline = new CancellationTokenSource(Options.NotifierTimeout, _parts.Time);
        try
        {
            await tell(notifier, deadline.Token).WaitAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _logger.LogNobodyNotified(exception, _builder.Name); // what it is about is stored: people will see it there
        }
    }

    /// <summary>Somebody else has changed a record at the same time; look again.</summary>
    private sealed class RaceLostException(string what) : Exception($"Somebody else has changed {what}.");

    /// <summary>The builder belongs to another master now, or is gone.</summary>
    private sealed class LeaseLostException(string builder) : Exception($"{builder} is no longer ours.");
}
