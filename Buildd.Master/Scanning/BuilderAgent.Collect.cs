using Buildd.Master.Builds;
using Buildd.Master.Results;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Scanning;

/// <content>Bringing home what a build has left.</content>
internal sealed partial class BuilderAgent
{
    private async Task<NextScan> CollectAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        if (status.BuildStatus is not { } ended)
            throw new BuilderFaultException($"{_builder.Name} waits, but does not say how {build.Cookie} ended.");
        _logger.LogBuildEnded(build.Cookie, _builder.Name, ended);
        // Whatever came of it, it was to be cancelled: what a slave sends now is not wanted.
        var cancelled = build.State == BuildState.Cancelling;
        if (cancelled)
            return await CollectEndAsync(build, status, BuildState.Cancelled, cancellationToken).ConfigureAwait(false);
        switch (ended)
        {
            case BuildStatus.Ok:
                return await GatherAsync(build, status, cancellationToken).ConfigureAwait(false);
            case BuildStatus.PackageFail:
                return await CollectEndAsync(build, status, BuildState.FailedToBuild, cancellationToken).ConfigureAwait(false);
            case BuildStatus.DepFail:
                return await CollectEndAsync(build, status, BuildState.ManualDepWait, cancellationToken).ConfigureAwait(false);
            case BuildStatus.ChrootFail:
                return await CollectEndAsync(build, status, BuildState.ChrootWait, cancellationToken).ConfigureAwait(false);
            case BuildStatus.GivenBack:
                return await TakeBackAsync(build, status, cancellationToken).ConfigureAwait(false);
            case BuildStatus.BuilderFail or BuildStatus.Aborted:
                await TryStoreLogAsync(build, status, cancellationToken).ConfigureAwait(false);
                throw new BuilderFaultException($"{_builder.Name} says that {build.Cookie} ended as {ended}, and nobody asked for that.");
            default:
                throw new InvalidOperationException($"No such end of a build: {ended}.");
        }
    }

    /// <summary>Takes the log of a build that left no results, and its end.</summary>
    private async Task<NextScan> CollectEndAsync(Build build, StatusReply status, BuildState state, CancellationToken cancellationToken)
    {
        build = await StoreLogAsync(build, status, state, cancellationToken).ConfigureAwait(false);
        var stored = await EndAsync(build, state, Secrets.Quote(status.Dependencies ?? ""), cancellationToken: cancellationToken).ConfigureAwait(false);
        if (state != BuildState.Cancelled)
            await ForgiveAsync(cancellationToken).ConfigureAwait(false);
        if (stored.State is BuildState.FailedToBuild or BuildState.ChrootWait)
            await NotifyAsync((notifier, stop) => notifier.BuildFailedAsync(stored, stop)).ConfigureAwait(false);
        return After(TimeSpan.Zero);
    }

    /// <summary>The slave asks for a later try: nobody is to blame, up to a limit.</summary>
    private async Task<NextScan> TakeBackAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        var times = build.GivenBack + 1;
        var isLast = times > Options.MaxGiveBacks;
        build = await StoreLogAsync(build, status, isLast ? BuildState.FailedToBuild : BuildState.NeedsBuild, cancellationToken).ConfigureAwait(false);
        build = build with { GivenBack = times };
        if (isLast)
        {
            await EndAsync(build, BuildState.FailedToBuild, reason: $"It was given back {times} times in a row.", cancellationToken: cancellationToken).ConfigureAwait(false);
            return After(TimeSpan.Zero);
        }

        var delay = Options.GiveBackDelay * Math.Pow(2, Math.Min(times - 1, 30));
        if (delay > Options.MaxGiveBackDelay)
            delay = Options.MaxGiveBackDelay;
        return await ResetAsync(build, $"{_builder.Name} gave it back", cancellationToken, delay).ConfigureAwait(false);
    }

    private async Task<NextScan> GatherAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        using var span = MasterMeters.Spans.StartActivity("gather");
        span?.SetTag("builder", _builder.Name).SetTag("build", build.Cookie);
        var wanted = FileMap.Check(_slave.Url, status.FileMap);
        if (build.State != BuildState.Gathering)
        {
            var leaf = _parts.Gatherer.NameLeaf(build, _parts.Time.GetUtcNow());
            build = await StoreLogAsync(build, status, BuildState.FullyBuilt, cancellationToken).ConfigureAwait(false);
            build = await StoreAsync(build.GatheringInto(leaf), cancellationToken).ConfigureAwait(false);
        }

        using var deadline = new CancellationTokenSource(Options.GatherTimeout, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var files = await _parts.Gatherer.FetchAsync(build, _slave, wanted, either.Token).ConfigureAwait(false);
            return await HandOverAsync(build, files, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BuilderFaultException($"{_builder.Name} did not send the results of {build.Cookie} within {Options.GatherTimeout}.");
        }
    }

    /// <summary>The leaf has landed: the upload processor may have it, and the builder is free.</summary>
    private async Task<NextScan> HandOverAsync(Build build, IReadOnlyList<BuildFile> files, CancellationToken cancellationToken)
    {
        var stored = await StoreAsync(build.HandedOver(files, _parts.Time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        _parts.Meters.Gathered(files.Sum(file => file.Size));
        ForgetAttempt();
        await ForgiveAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _parts.Master.Uploads.LandedAsync(new LandedUpload(stored, _parts.Gatherer.LandedFolder(stored)), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.LogSinkFailed(exception, stored.Cookie);
        }

        return After(TimeSpan.Zero);
    }

    /// <summary>Takes the rest of the log and stores it under its name, once for each attempt. The name is not stored yet.</summary>
    /// <exception cref="Protocol.Client.SlaveException">The rest can't be had now.</exception>
    private async Task<Build> StoreLogAsync(Build build, StatusReply status, BuildState state, CancellationToken cancellationToken)
    {
        if (build.LogName is not null)
            return build;
        var watch = await AttemptAsync(build, cancellationToken).ConfigureAwait(false);
        TellOfAdvances(build, watch, status); // the last phases end between two looks
        using var deadline = new CancellationTokenSource(Options.GatherTimeout, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await watch.CompleteAsync(status, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            watch.Complete();
            _logger.LogSlowLog(_builder.Name, build.Cookie);
        }

        ForgetAttempt();
        return build with { LogName = await NameAndStoreLogAsync(build, state, cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>The same for a build that is not over: a log that can't be had changes nothing, and what is here is kept.</summary>
    private async Task TryStoreLogAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        try
        {
            var watch = await AttemptAsync(build, cancellationToken).ConfigureAwait(false);
            TellOfAdvances(build, watch, status);
            await watch.CompleteAsync(status, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is Protocol.Client.SlaveException or IOException)
        {
            _logger.LogLogNotWritten(exception, build.Cookie);
        }
    }

    private async Task<string?> NameAndStoreLogAsync(Build build, BuildState state, CancellationToken cancellationToken)
    {
        var name = "buildlog.txt";
        if (_parts.Kinds.TryGetValue(build.JobType, out var kind))
        {
            var specification = await _parts.Master.Builds.FindSpecificationAsync(build.Id, cancellationToken).ConfigureAwait(false) ?? default;
            name = kind.LogName(build, specification, state);
        }

        return await _parts.Logs.StoreAsync(build, name, cancellationToken).ConfigureAwait(false);
    }
}
