using Buildd.Master.Builds;
using Buildd.Master.Results;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>Brings home what a build has left on its builder.</summary>
internal sealed class BuildCollector(
    BuilderAgentParts parts, ISlaveClient slave, BuilderRecord builder, Attempt attempt, BuildWriter builds, BuilderFailures failures,
    ILogger logger)
{
    private MasterOptions Options => parts.Options;

    /// <summary>Collects a build that the slave says is over.</summary>
    public async Task<NextScan> CollectAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        if (status.BuildStatus is not { } ended)
            throw new BuilderFaultException($"{builder.Name} waits, but does not say how {build.Cookie} ended.");
        logger.LogBuildEnded(build.Cookie, builder.Name, ended);
        // Whatever came of it, it was to be cancelled: what a slave sends now is not wanted.
        if (build.State == BuildState.Cancelling)
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
                await attempt.TryStoreLogAsync(build, status, cancellationToken).ConfigureAwait(false);
                throw new BuilderFaultException($"{builder.Name} says that {build.Cookie} ended as {ended}, and nobody asked for that.");
            default:
                throw new InvalidOperationException($"No such end of a build: {ended}.");
        }
    }

    /// <summary>Hands over a build whose leaf landed before the master was stopped.</summary>
    /// <returns>Null when it has not landed.</returns>
    public async Task<NextScan?> TryHandOverAsync(Build build, CancellationToken cancellationToken)
    {
        if (!parts.Gatherer.HasLanded(build))
            return null;
        var files = await parts.Gatherer.ReadLandedAsync(build, cancellationToken).ConfigureAwait(false);
        return await HandOverAsync(build, files, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the log of a build that left no results, and its end.</summary>
    private async Task<NextScan> CollectEndAsync(Build build, StatusReply status, BuildState state, CancellationToken cancellationToken)
    {
        build = await attempt.StoreLogAsync(build, status, state, cancellationToken).ConfigureAwait(false);
        var dependencies = Secrets.Quote(status.Dependencies ?? "");
        var stored = await builds.EndAsync(build, state, dependencies, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (state != BuildState.Cancelled)
            await failures.ForgiveAsync(cancellationToken).ConfigureAwait(false);
        if (stored.State is BuildState.FailedToBuild or BuildState.ChrootWait)
            await failures.NotifyAsync((notifier, stop) => notifier.BuildFailedAsync(stored, stop)).ConfigureAwait(false);
        return NextScan.Now;
    }

    /// <summary>The slave asks for a later try: nobody is to blame, up to a limit.</summary>
    private async Task<NextScan> TakeBackAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        var times = build.GivenBack + 1;
        var isLast = times > Options.MaxGiveBacks;
        var logState = isLast ? BuildState.FailedToBuild : BuildState.NeedsBuild;
        build = await attempt.StoreLogAsync(build, status, logState, cancellationToken).ConfigureAwait(false) with { GivenBack = times };
        if (isLast)
        {
            var reason = $"It was given back {times} times in a row.";
            await failures.FailBuildAsync(build, BuildState.FailedToBuild, reason, cancellationToken).ConfigureAwait(false);
            return NextScan.Now;
        }

        await builds.RequeueAsync(build, $"{builder.Name} gave it back", cancellationToken, Options.DelayAfter(times))
            .ConfigureAwait(false);
        return NextScan.Now;
    }

    private async Task<NextScan> GatherAsync(Build build, StatusReply status, CancellationToken cancellationToken)
    {
        using var span = MasterMeters.Spans.StartActivity("gather");
        span?.SetTag("builder", builder.Name).SetTag("build", build.Cookie.ToString());
        List<(string Name, Sha1 Sha1)> wanted;
        try
        {
            wanted = FileMap.Check(slave.Url, status.FileMap);
        }
        catch (BadFileMapException exception) when (exception.IsOfBuild)
        {
            build = await attempt.StoreLogAsync(build, status, BuildState.FailedToBuild, cancellationToken).ConfigureAwait(false);
            await failures.FailBuildAsync(build, BuildState.FailedToBuild, exception.Message, cancellationToken).ConfigureAwait(false);
            return NextScan.Now;
        }
        catch (BadFileMapException)
        {
            await attempt.TryStoreLogAsync(build, status, cancellationToken).ConfigureAwait(false);
            throw;
        }

        if (build.State != BuildState.Gathering)
        {
            var leaf = parts.Gatherer.NameLeaf(build, parts.Time.GetUtcNow());
            build = await attempt.StoreLogAsync(build, status, BuildState.FullyBuilt, cancellationToken).ConfigureAwait(false);
            build = await builds.StoreAsync(build.GatheringInto(leaf), cancellationToken).ConfigureAwait(false);
        }

        using var deadline = new CancellationTokenSource(Options.GatherTimeout, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var files = await parts.Gatherer.FetchAsync(build, slave, wanted, either.Token).ConfigureAwait(false);
            return await HandOverAsync(build, files, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BuilderFaultException($"{builder.Name} did not send the results of {build.Cookie} within {Options.GatherTimeout}.");
        }
    }

    /// <summary>The leaf has landed: the upload processor may have it, and the builder is free.</summary>
    private async Task<NextScan> HandOverAsync(Build build, IReadOnlyList<BuildFile> files, CancellationToken cancellationToken)
    {
        var stored = await builds.StoreAsync(build.HandedOver(files, parts.Time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
        parts.Meters.Gathered(files.Sum(file => file.Size));
        attempt.Forget();
        await failures.ForgiveAsync(cancellationToken).ConfigureAwait(false);
        var landed = new LandedUpload(stored, parts.Gatherer.LandedFolder(stored));
        var broken = await Bulkhead.RunAsync(
            () => parts.Master.Uploads.LandedAsync(landed, cancellationToken), $"announcing the upload of {stored.Cookie}", logger,
            cancellationToken).ConfigureAwait(false);
        if (broken is not null)
            logger.LogSinkFailed(broken, stored.Cookie);
        return NextScan.Now;
    }
}
