using Buildd.Master.Builds;
using Buildd.Master.Choosing;
using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <content>Handing a build to the slave.</content>
internal sealed partial class BuilderAgent
{
    private async Task BeginAsync(Assignment work, CancellationToken stop)
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        using var span = MasterMeters.Spans.StartActivity("dispatch");
        span?.SetTag("builder", work.Builder.Name).SetTag("build", work.Build.Cookie);
        using var deadline = new CancellationTokenSource(Options.DispatchTimeout, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            _builder = work.Builder;
            _parts.Events.Publish(new BuilderChanged(work.Builder));
            await BeginAsync(work.Build, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The slave doesn't have it. If that can't be stored now, the next life of the master finds the slave idle.
            await TryResetAsync(work.Build, null).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested)
        {
            var late = new BuilderFaultException($"{_builder.Name} did not take {work.Build.Cookie} within {Options.DispatchTimeout}: {exception.Message}");
            await DealWithAsync(late, work.Build, mayRetry: false, stop).ConfigureAwait(false);
        }
        catch (BuildUncertainException exception)
        {
            _logger.LogDispatchUncertain(exception); // the next look at the slave tells; until then the build is taken to be there
        }
        catch (Exception exception)
        {
            await DealWithAsync(exception, work.Build, mayRetry: false, stop).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task BeginAsync(Build build, CancellationToken cancellationToken)
    {
        var start = _parts.Time.GetTimestamp();
        ForgetAttempt();
        if (build.Virtualized && !_builder.Virtualized)
            throw new IsolationException("Attempt to build virtual item on a non-virtual builder.");
        switch (await PrepareAsync(build, cancellationToken).ConfigureAwait(false))
        {
            case NotNow(var reason):
                await ResetAsync(build, reason, cancellationToken, Options.NotPreparedDelay).ConfigureAwait(false);
                return;
            case Rejected(var state, var reason):
                await EndAsync(build, state, reason: reason, cancellationToken: cancellationToken).ConfigureAwait(false);
                return;
            case Ready(var job):
                if (!await TellAsync(build, job, cancellationToken).ConfigureAwait(false))
                    return;
                break;
        }

        _parts.Meters.Dispatched(build.Manager);
        _parts.Events.Publish(new BuildDispatched(build, _builder.Name, _parts.Time.GetElapsedTime(start)));
    }

    /// <summary>Asks the kind of job. What it throws blames nobody: it is our own trouble, and the build is tried later.</summary>
    private async Task<Preparation> PrepareAsync(Build build, CancellationToken cancellationToken)
    {
        if (!_parts.Kinds.TryGetValue(build.JobType, out var kind))
            return new NotNow($"This master does not know the kind of job {build.JobType}.");
        try
        {
            var specification = await _parts.Master.Builds.FindSpecificationAsync(build.Id, cancellationToken).ConfigureAwait(false) ?? default;
            var preparation = await kind.PrepareAsync(new Dispatching(build, specification, _builder, _parts.Master.Inputs), cancellationToken)
                .ConfigureAwait(false);
            return preparation is Ready(var job) && job.Cookie != build.Cookie
                ? new Rejected(BuildState.FailedToBuild, $"Its kind of job made a job for {job.Cookie} of it.")
                : preparation;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.LogBuildNotPrepared(exception, build.Cookie);
            return new NotNow($"It could not be prepared: {Secrets.Quote(exception.Message)}");
        }
    }

    /// <summary>Tells the slave; false when the build has gone elsewhere instead.</summary>
    private async Task<bool> TellAsync(Build build, BuildJob job, CancellationToken cancellationToken)
    {
        if (SecretsOf(job) is not { } secrets)
        {
            await EndAsync(build, BuildState.FailedToBuild, reason: "Its arguments hold more secrets than can be kept out of a log.", cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return false;
        }

        var dispatcher = new Dispatcher(_slave, _parts.Time, _parts.Loggers.CreateLogger<Dispatcher>());
        for (var first = true; ; first = false)
        {
            try
            {
                await dispatcher.DispatchAsync(job, cancellationToken).ConfigureAwait(false);
                Watch(build, secrets);
                return true;
            }
            catch (UnknownSumException exception) when (first)
            {
                _logger.LogFileSentAgain(exception); // it may just have thrown the file away; if it does so twice it is at fault
            }
            catch (SlaveBusyException exception)
            {
                throw new IsolationException(exception.Message);
            }
            catch (UnknownBuilderException exception)
            {
                _logger.LogSlaveUnable(exception);
                await ChangeAsync(changed => changed.UnableTo.Contains(build.Manager) ? changed : changed with { UnableTo = [.. changed.UnableTo, build.Manager] }, cancellationToken)
                    .ConfigureAwait(false);
                await ResetAsync(build, $"{_builder.Name} can't build a {build.Manager}", cancellationToken).ConfigureAwait(false);
                return false;
            }
        }
    }

    /// <summary>What must not be in the job's log; null when that is more than can be looked for.</summary>
    private static IReadOnlyList<ReadOnlyMemory<byte>>? SecretsOf(BuildJob job)
    {
        try
        {
            return BuildSecrets.FromArguments(new XmlRpcStruct
            {
                ["arguments"] = job.Arguments,
                ["urls"] = new XmlRpcArray(job.Files.Prepend(job.Chroot).Select(file => (XmlRpcValue)(file.Url ?? ""))),
                ["password"] = new XmlRpcArray(job.Files.Prepend(job.Chroot).Select(file => (XmlRpcValue)file.Password)),
            });
        }
        catch (TooManySecretsException)
        {
            return null;
        }
    }

    private AttemptWatch Watch(Build build, IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        ForgetAttempt();
        return _watch = new AttemptWatch(build, _slave, _parts.Logs, secrets, Options.MaxLogBytes, _logger);
    }

    /// <summary>What is remembered of the attempt; of one that a former life of the master began it is found out again.</summary>
    private async Task<AttemptWatch> AttemptAsync(Build build, CancellationToken cancellationToken)
    {
        if (_watch?.IsOf(build) == true)
            return _watch;
        var preparation = await PrepareAsync(build, cancellationToken).ConfigureAwait(false);
        _logger.LogBuildAdopted(_builder.Name, build.Cookie);
        return Watch(build, (preparation is Ready(var job) ? SecretsOf(job) : null) ?? []);
    }

    private void ForgetAttempt()
    {
        _watch?.Dispose();
        _watch = null;
    }
}
