using System.Diagnostics;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Master.Connections;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// Looks after one builder: cleans it, gives it work, watches the work, collects it, and judges what goes wrong. It waits for
/// nothing but its own slave and the stores, so that no builder can hold up another.
/// </summary>
internal sealed class BuilderAgent : IDisposable
{
    /// <summary>Phases after which little or nothing more comes of a build.</summary>
    private static readonly string[] LastPhases = ["gather", "reap", "umount", "cleanup"];

    /// <summary>The shortest wait for a build that should be over: a look costs the slave a millisecond or two.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(250);

    private readonly BuilderAgentParts _parts;
    private readonly ISlaveClient _slave;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Signal _wake;
    private readonly BuilderRecord _record;
    private readonly Attempt _attempt;
    private readonly BuildWriter _builds;
    private readonly BuilderFailures _failures;
    private readonly BuildHandout _handout;
    private readonly BuildCollector _collector;
    private readonly BuilderCheck _check;

    public BuilderAgent(Builder builder, ISlaveClient slave, BuilderAgentParts parts)
    {
        _slave = slave;
        _parts = parts;
        _logger = parts.Loggers.CreateLogger<BuilderAgent>();
        _wake = new Signal(parts.Time);
        _record = new BuilderRecord(builder, parts);
        _attempt = new Attempt(parts, slave, _record, _logger);
        _builds = new BuildWriter(parts, _record, _attempt, _logger);
        _failures = new BuilderFailures(parts, _record, _builds, _logger);
        _handout = new BuildHandout(parts, slave, _record, _attempt, _builds, _failures, _logger);
        _collector = new BuildCollector(parts, slave, _record, _attempt, _builds, _failures, _logger);
        _check = new BuilderCheck(parts, slave, _record, _logger);
    }

    /// <summary>The builder as it is known here.</summary>
    public Builder Builder => _record.Now;

    /// <summary>Whether it waits for time to pass or for work; for tests and figures.</summary>
    public bool IsWaiting => _wake.IsWaitedFor;

    private MasterOptions Options => _parts.Options;

    /// <summary>Takes a fresher record, and looks at the slave at once if that changes anything.</summary>
    public void Update(Builder builder)
    {
        if (_record.TryUpdate(builder))
            Wake();
    }

    /// <summary>Has the slave looked at now.</summary>
    public void Wake()
    {
        _handout.NoticeCancel();
        _wake.Set();
    }

    /// <summary>Looks after the builder until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        (long Since, TimeSpan Delay)? due = null;
        // What many agents do at the same moment, starting and getting work of one batch, must not have them look together ever after.
        var isInStep = true;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var broken = await Bulkhead.RunAsync(TurnAsync, $"looking after {_record.Name}", _logger, stop).ConfigureAwait(false);
                if (broken is null)
                    continue;
                due = null;
                _logger.LogOwnTrouble(broken, _record.Name);
                await _wake.WaitAsync(Options.PollInterval, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }

        async Task TurnAsync()
        {
            var start = _parts.Time.GetTimestamp();
            if (due is { } planned)
                _parts.Meters.Late(_parts.Time.GetElapsedTime(planned.Since, start) - planned.Delay);
            var next = await ScanAsync(stop).ConfigureAwait(false);
            var delay = isInStep && next.Delay > TimeSpan.Zero ? next.Delay * _parts.Spread() : next.Delay;
            isInStep &= next.Delay == TimeSpan.Zero;
            var rest = delay - _parts.Time.GetElapsedTime(start);
            var woken = false;
            if (next.IsFree)
            {
                woken = await WorkAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, stop).ConfigureAwait(false);
                isInStep |= woken;
            }
            else if (rest > TimeSpan.Zero)
            {
                woken = await _wake.WaitAsync(rest, stop).ConfigureAwait(false);
            }

            due = woken || next.Delay == TimeSpan.Zero ? null : (start, delay);
        }
    }

    /// <summary>Looks at the slave once, and does what follows from it. What others can do to it is dealt with here.</summary>
    public async Task<NextScan> ScanAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        var start = _parts.Time.GetTimestamp();
        var failed = true;
        using var span = MasterMeters.Spans.StartActivity("scan");
        span?.SetTag("builder", _record.Name);
        try
        {
            var next = await LookAsync(cancellationToken).ConfigureAwait(false);
            _failures.LookedAt();
            failed = false;
            return next;
        }
        catch (Exception exception) when (Trouble.IsExpected(exception) && !cancellationToken.IsCancellationRequested)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            return await _failures.DealWithAsync(exception, _parts.Scheduler.OnBuilder(_record.Name), null, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            _parts.Meters.Scanned(_parts.Time.GetElapsedTime(start), failed);
            _gate.Release();
        }
    }

    /// <summary>Checks whether the builder is well, and takes it out of service when it is not.</summary>
    public async Task<BuilderFinding> CheckAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var mistake = await _check.FindMistakeAsync(cancellationToken).ConfigureAwait(false);
            if (mistake is not null)
                await FailAsync(mistake, cancellationToken).ConfigureAwait(false);
            return new BuilderFinding(_record.Now, mistake);
        }
        catch (SlaveKeyException exception)
        {
            return new BuilderFinding(_record.Now, exception.Message); // of which the builder knows nothing
        }
        catch (Exception exception) when (exception is LeaseLostException or RaceLostException)
        {
            return new BuilderFinding(_record.Now, null); // somebody else looks after it, and has just done something with it
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Takes the builder out of service at once.</summary>
    public Task FailAsync(string reason, CancellationToken cancellationToken) => _failures.FailAsync(reason, cancellationToken);

    public void Dispose()
    {
        _attempt.Dispose();
        _gate.Dispose();
    }

    private NextScan Soon =>
        NextScan.After(Options.FastPollInterval < Options.PollInterval ? Options.FastPollInterval : Options.PollInterval);

    private NextScan Later => NextScan.After(Options.PollInterval);

    /// <summary>Waits for work until the next look at the slave, and begins it.</summary>
    /// <returns>Whether something came before that time.</returns>
    private async Task<bool> WorkAsync(TimeSpan time, CancellationToken stop)
    {
        using var withdraw = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var offered = _record.Now;
        var offer = _parts.Scheduler.OfferAsync(offered, withdraw.Token);
        var wake = _wake.WaitAsync(time, withdraw.Token);
        await Task.WhenAny(offer, wake).ConfigureAwait(false);
        var (refused, passed) = (offer.IsCompletedSuccessfully, wake.IsCompletedSuccessfully && !await wake.ConfigureAwait(false));
        await withdraw.CancelAsync().ConfigureAwait(false);
        var work = await offer.ConfigureAwait(false);
        await ((Task)wake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (work is not null)
            await BeginAsync(work, stop).ConfigureAwait(false);
        else if (refused && ReferenceEquals(offered, _record.Now))
            await _record.RereadAsync(stop).ConfigureAwait(false); // somebody has changed its record
        return work is not null || !passed;
    }

    private async Task<NextScan> LookAsync(CancellationToken cancellationToken)
    {
        var builder = _record.Now;
        if (_parts.Scheduler.OnBuilder(builder.Name) is { } build)
        {
            if (builder.Clean != CleanState.Dirty)
                // it was made so for this build, and the store did not say so
                await _record.RereadAsync(cancellationToken).ConfigureAwait(false);
            return await LookAtBuildAsync(_record.Now, build, cancellationToken).ConfigureAwait(false);
        }

        _attempt.Forget();
        if (!builder.InService)
            return Later;
        if (builder.Clean != CleanState.Clean)
            return await CleanAsync(builder, cancellationToken).ConfigureAwait(false);
        var status = await StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status != BuilderStatus.Idle)
            throw new IsolationException($"{builder} is to be clean, and is {status.Status}.");
        return builder.Manual ? Later : new NextScan(Options.PollInterval, IsFree: true);
    }

    private async Task<NextScan> LookAtBuildAsync(Builder builder, Build build, CancellationToken cancellationToken)
    {
        if (await _collector.TryHandOverAsync(build, cancellationToken).ConfigureAwait(false) is { } handedOver)
            return handedOver; // the master was stopped before it could say so
        if (builder.Clean != CleanState.Dirty)
            throw new IsolationException($"{builder} has {build.Cookie}, and is not marked as dirty.");
        if (!builder.InService)
            return await RequeueAsync(build, $"{builder.Name} was taken out of service: {builder.FailNotes}", cancellationToken)
                .ConfigureAwait(false);
        var status = await StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status == BuilderStatus.Idle)
        {
            _logger.LogBuilderForgot(UrlCredentials.Without(builder.Url), build.Id);
            return await RequeueAsync(build, $"{builder.Name} forgot about it", cancellationToken).ConfigureAwait(false);
        }

        if (status.BuildId != build.Cookie.ToString())
        {
            _logger.LogBuildLost(UrlCredentials.Without(builder.Url), build.Cookie, Secrets.Quote(status.BuildId ?? "none"));
            return await RequeueAsync(build, $"{builder.Name} has another build", cancellationToken).ConfigureAwait(false);
        }

        if (status.Status == BuilderStatus.Waiting)
            return await _collector.CollectAsync(build, status, cancellationToken).ConfigureAwait(false);
        await _attempt.WatchAsync(build, status, cancellationToken).ConfigureAwait(false);
        if (build.State == BuildState.Cancelling)
            return await AbortAsync(build, status, cancellationToken).ConfigureAwait(false);
        return status.Status == BuilderStatus.Aborting ? Soon : NextLookAt(build);
    }

    /// <summary>
    /// Soon when a build is about to end, and not later than when it will be: a short one would wait to be collected. Around its estimated
    /// end a builder is looked at each tenth of the estimate.
    /// </summary>
    private NextScan NextLookAt(Build build)
    {
        if (_attempt.Phase is { } phase && LastPhases.Contains(phase))
            return Soon;
        if (_parts.Time.GetUtcNow() - build.Started is not { } built)
            return Later;
        var ahead = (build.EstimatedDuration * 0.9) - built;
        if (ahead > TimeSpan.Zero)
            return ahead < Options.PollInterval ? NextScan.After(ahead) : Later;
        if (built > build.EstimatedDuration * 1.1)
            return Later;
        var tenth = build.EstimatedDuration * 0.1;
        tenth = tenth > ShortestWait ? tenth : ShortestWait;
        return tenth < Soon.Delay ? NextScan.After(tenth) : Soon;
    }

    /// <summary>Has the slave stop, until the build's time for that is over.</summary>
    private async Task<NextScan> AbortAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        if (_failures.IsOverdue(build))
            return await _failures.GiveUpAbortAsync(build, cancellationToken).ConfigureAwait(false);
        if (status.Status == BuilderStatus.Building && !_attempt.AbortTold)
        {
            await _slave.AbortAsync(cancellationToken).ConfigureAwait(false);
            _attempt.RememberAbort();
            _logger.LogBuilderToldToAbort(_record.Name, build.Cookie);
        }

        return Soon;
    }

    /// <summary>One step towards a clean builder.</summary>
    private async Task<NextScan> CleanAsync(Builder builder, CancellationToken cancellationToken)
    {
        var now = _parts.Time.GetUtcNow();
        switch (builder)
        {
            case { Virtualized: true, VmResetProtocol: null }:
                throw new CannotResetException($"{builder.Name} can't be reset: it has no reset protocol.");
            case { Virtualized: true, VmResetProtocol: VmResetProtocol.Triggered, Clean: CleanState.Cleaning }:
                return Later; // who manages the machines says when it is clean
            case { Virtualized: true, VmResetProtocol: VmResetProtocol.Triggered }:
                await VirtualReset.RunAsync(builder, Options, _parts.Time, cancellationToken).ConfigureAwait(false);
                await _record.ChangeAsync(changed => changed.Made(CleanState.Cleaning, now), cancellationToken).ConfigureAwait(false);
                return Later;
            case { Virtualized: true }:
                await _record.ChangeAsync(changed => changed.Made(CleanState.Cleaning, now), cancellationToken).ConfigureAwait(false);
                await VirtualReset.RunAsync(builder, Options, _parts.Time, cancellationToken).ConfigureAwait(false);
                await _slave.EchoAsync(["ping"], cancellationToken).ConfigureAwait(false);
                break;
            default:
                var status = await StatusAsync(cancellationToken).ConfigureAwait(false);
                if (status.Status == BuilderStatus.Building)
                    await _slave.AbortAsync(cancellationToken).ConfigureAwait(false);
                if (status.Status is BuilderStatus.Building or BuilderStatus.Aborting)
                    return Soon;
                if (status.Status == BuilderStatus.Waiting)
                    await _slave.CleanAsync(cancellationToken).ConfigureAwait(false);
                break;
        }

        _logger.LogBuilderClean(builder.Name);
        await _record.ChangeAsync(changed => changed.Made(CleanState.Clean, now), cancellationToken).ConfigureAwait(false);
        return NextScan.Now;
    }

    private async Task<StatusReply> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await _slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        await _record.KeepVersionAsync(status, cancellationToken).ConfigureAwait(false);
        return status;
    }

    private async Task<NextScan> RequeueAsync(Build build, string reason, CancellationToken cancellationToken)
    {
        await _builds.RequeueAsync(build, reason, cancellationToken).ConfigureAwait(false);
        return NextScan.Now;
    }

    private async Task BeginAsync(Assignment work, CancellationToken stop)
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        using var span = MasterMeters.Spans.StartActivity("dispatch");
        span?.SetTag("builder", work.Builder.Name).SetTag("build", work.Build.Cookie.ToString());
        try
        {
            _record.Take(work.Builder);
            await _handout.RunAsync(work.Build, stop).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
