using System.Diagnostics;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// Looks after one builder: cleans it, gives it work, watches the work, collects it, and judges what goes wrong. It waits for
/// nothing but its own slave and the stores, so that no builder can hold up another.
/// </summary>
internal sealed partial class BuilderAgent : IDisposable
{
    /// <summary>Phases after which little or nothing more comes of a build.</summary>
    private static readonly string[] LastPhases = ["gather", "reap", "umount", "cleanup"];

    private readonly BuilderAgentParts _parts;
    private readonly ISlaveClient _slave;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Signal _wake;
    private volatile Builder _builder;
    private AttemptWatch? _watch;
    private int _failedScans;

    public BuilderAgent(Builder builder, ISlaveClient slave, BuilderAgentParts parts)
    {
        _builder = builder;
        _slave = slave;
        _parts = parts;
        _logger = parts.Loggers.CreateLogger<BuilderAgent>();
        _wake = new Signal(parts.Time);
    }

    /// <summary>The builder as it is known here.</summary>
    public Builder Builder => _builder;

    /// <summary>Whether it waits for time to pass or for work; for tests and figures.</summary>
    public bool IsWaiting => _wake.IsWaitedFor;

    private MasterOptions Options => _parts.Options;

    private IBuilderRecords Builders => _parts.Master.Builders;

    /// <summary>Takes a fresher record, and looks at the slave at once if that changes anything.</summary>
    public void Update(Builder builder)
    {
        var before = _builder;
        if (builder.Revision <= before.Revision)
            return;
        _builder = builder;
        _parts.Events.Publish(new BuilderChanged(builder));
        Wake();
    }

    /// <summary>Has the slave looked at now.</summary>
    public void Wake() => _wake.Set();

    /// <summary>Looks after the builder until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        (long Since, TimeSpan Delay)? due = null;
        while (!stop.IsCancellationRequested)
        {
            var start = _parts.Time.GetTimestamp();
            if (due is { } planned)
                _parts.Meters.Late(_parts.Time.GetElapsedTime(planned.Since, start) - planned.Delay);
            try
            {
                var next = await ScanAsync(stop).ConfigureAwait(false);
                var rest = next.Delay - _parts.Time.GetElapsedTime(start);
                var woken = false;
                if (next.IsFree)
                    woken = await WorkAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, stop).ConfigureAwait(false);
                else if (rest > TimeSpan.Zero)
                    woken = await _wake.WaitAsync(rest, stop).ConfigureAwait(false);
                due = woken || next.Delay == TimeSpan.Zero ? null : (start, next.Delay);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Looks at the slave once, and does what follows from it. Whatever goes wrong is dealt with here.</summary>
    public async Task<NextScan> ScanAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        var start = _parts.Time.GetTimestamp();
        var failed = true;
        using var span = MasterMeters.Spans.StartActivity("scan");
        span?.SetTag("builder", _builder.Name);
        try
        {
            var next = await LookAsync(cancellationToken).ConfigureAwait(false);
            _failedScans = 0;
            failed = false;
            return next;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            return await DealWithAsync(exception, _parts.Scheduler.OnBuilder(_builder.Name), null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _parts.Meters.Scanned(_parts.Time.GetElapsedTime(start), failed);
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _gate.Dispose();
    }

    private static NextScan After(TimeSpan delay) => new(delay);

    private NextScan Soon => After(Options.FastPollInterval < Options.PollInterval ? Options.FastPollInterval : Options.PollInterval);

    private NextScan Later => After(Options.PollInterval);

    /// <summary>Waits for work until the next look at the slave, and begins it.</summary>
    /// <returns>Whether something came before that time.</returns>
    private async Task<bool> WorkAsync(TimeSpan time, CancellationToken stop)
    {
        using var withdraw = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var offered = _builder;
        var offer = _parts.Scheduler.OfferAsync(offered, withdraw.Token);
        var wake = _wake.WaitAsync(time, withdraw.Token);
        await Task.WhenAny(offer, wake).ConfigureAwait(false);
        var (refused, passed) = (offer.IsCompletedSuccessfully, wake.IsCompletedSuccessfully && !await wake.ConfigureAwait(false));
        await withdraw.CancelAsync().ConfigureAwait(false);
        var work = await offer.ConfigureAwait(false);
        await ((Task)wake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (work is not null)
            await BeginAsync(work, stop).ConfigureAwait(false);
        else if (refused && ReferenceEquals(offered, _builder))
            await RereadAsync(stop).ConfigureAwait(false); // somebody has changed its record
        return work is not null || !passed;
    }

    private async Task<NextScan> LookAsync(CancellationToken cancellationToken)
    {
        var builder = _builder;
        if (_parts.Scheduler.OnBuilder(builder.Name) is { } build)
        {
            if (builder.Clean != CleanState.Dirty)
                await RereadAsync(cancellationToken).ConfigureAwait(false); // it was made so for this build, and the store did not say so
            return await LookAtBuildAsync(_builder, build, cancellationToken).ConfigureAwait(false);
        }

        ForgetAttempt();
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
        if (_parts.Gatherer.HasLanded(build)) // and the master was stopped before it could say so
            return await HandOverAsync(build, await _parts.Gatherer.ReadLandedAsync(build, cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
        if (builder.Clean != CleanState.Dirty)
            throw new IsolationException($"{builder} has {build.Cookie}, and is not marked as dirty.");
        if (!builder.InService)
            return await ResetAsync(build, $"{builder.Name} was taken out of service: {builder.FailNotes}", cancellationToken).ConfigureAwait(false);
        var status = await StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status == BuilderStatus.Idle)
        {
            _logger.LogBuilderForgot(builder.Url, build.Id);
            return await ResetAsync(build, $"{builder.Name} forgot about it", cancellationToken).ConfigureAwait(false);
        }

        if (status.BuildId != build.Cookie)
        {
            _logger.LogBuildLost(builder.Url, build.Cookie, Secrets.Quote(status.BuildId ?? "none"));
            return await ResetAsync(build, $"{builder.Name} has another build", cancellationToken).ConfigureAwait(false);
        }

        if (status.Status == BuilderStatus.Waiting)
            return await CollectAsync(build, status, cancellationToken).ConfigureAwait(false);
        await WatchAsync(build, status, cancellationToken).ConfigureAwait(false);
        if (build.State == BuildState.Cancelling)
            return await AbortAsync(build, status, cancellationToken).ConfigureAwait(false);
        return status.Status == BuilderStatus.Aborting || IsAboutToEnd(build) ? Soon : Later;
    }

    private bool IsAboutToEnd(Build build)
    {
        if (_watch?.Phase is { } phase && LastPhases.Contains(phase))
            return true;
        var built = _parts.Time.GetUtcNow() - build.Started;
        return built >= build.EstimatedDuration * 0.9 && built <= build.EstimatedDuration * 1.1;
    }

    /// <summary>Takes what the build has logged, and its phases. Trouble with these is none with the build.</summary>
    private async Task WatchAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        var watch = await AttemptAsync(build, cancellationToken).ConfigureAwait(false);
        TellOfAdvances(build, watch, status);
        using var deadline = new CancellationTokenSource(Options.ScanTimeout, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (await watch.FollowAsync(status, either.Token).ConfigureAwait(false) is { } length)
                _parts.Events.Publish(new BuildLogGrew(build, length));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.LogSlowLog(_builder.Name, build.Cookie); // the next look goes on there
        }
        catch (IOException exception)
        {
            _logger.LogLogNotWritten(exception, build.Cookie);
        }
    }

    private void TellOfAdvances(Build build, AttemptWatch watch, StatusReply status)
    {
        foreach (var happened in watch.Advances(status))
        {
            _parts.Events.Publish(happened switch
            {
                PhaseEnded ended => new BuildPhaseChanged(build, ended.Name, ended.Duration),
                PhaseStarted started => new BuildPhaseChanged(build, started.Name, null),
                ProgressMade progress => new BuildProgressed(build, progress.Stage, progress.Fraction),
                _ => throw new InvalidOperationException($"A status tells of {happened.GetType().Name}."),
            });
        }
    }

    /// <summary>Has the slave stop, until the build's time for that is over.</summary>
    private async Task<NextScan> AbortAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        if (IsOverdue(build))
            return await GiveUpAbortAsync(build, cancellationToken).ConfigureAwait(false);
        if (status.Status == BuilderStatus.Building && _watch is { AbortTold: false } watch)
        {
            await _slave.AbortAsync(cancellationToken).ConfigureAwait(false);
            watch.AbortTold = true;
            _logger.LogBuilderToldToAbort(_builder.Name, build.Cookie);
        }

        return Soon;
    }

    private bool IsOverdue(Build build) =>
        build.State == BuildState.Cancelling && _parts.Time.GetUtcNow() >= build.CancelRequested + Options.AbortTimeout;

    /// <summary>The build is cancelled whatever the slave does; that it did not stop is a failure of the builder's.</summary>
    private async Task<NextScan> GiveUpAbortAsync(Build build, CancellationToken cancellationToken)
    {
        var reason = $"{_builder.Name} did not stop it within {Options.AbortTimeout.TotalSeconds:0} s";
        _logger.LogBuildNotStopped(_builder.Name, build.Cookie);
        await CountAgainstBuilderAsync(reason, cancellationToken).ConfigureAwait(false);
        await EndAsync(build, BuildState.Cancelled, reason: reason, cancellationToken: cancellationToken).ConfigureAwait(false);
        return After(TimeSpan.Zero);
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
                await ChangeAsync(changed => changed.Made(CleanState.Cleaning, now), cancellationToken).ConfigureAwait(false);
                return Later;
            case { Virtualized: true }:
                await ChangeAsync(changed => changed.Made(CleanState.Cleaning, now), cancellationToken).ConfigureAwait(false);
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
        await ChangeAsync(changed => changed.Made(CleanState.Clean, now), cancellationToken).ConfigureAwait(false);
        return After(TimeSpan.Zero);
    }

    private async Task<StatusReply> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await _slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.BuilderVersion is { } said && Secrets.Quote(said) is var version && version != _builder.Version)
            await ChangeAsync(changed => changed with { Version = version, UnableTo = [] }, cancellationToken).ConfigureAwait(false);
        return status;
    }
}

/// <summary>What comes after a look at a slave.</summary>
/// <param name="Delay">How long after its beginning the next one is due.</param>
/// <param name="IsFree">Whether the builder may get work until then.</param>
internal readonly record struct NextScan(TimeSpan Delay, bool IsFree = false);
