using Buildd.Master.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>Stores what becomes of a builder's build, and clears away what the build leaves behind here.</summary>
internal sealed class BuildWriter(BuilderAgentParts parts, BuilderRecord builder, Attempt attempt, ILogger logger)
{
    /// <summary>Stores a changed build.</summary>
    /// <exception cref="RaceLostException">Somebody else has changed it; what is known here is fresh again.</exception>
    public async Task<Build> StoreAsync(Build build, CancellationToken cancellationToken)
    {
        if ((await parts.Master.Builds.TryReplaceAsync([build], cancellationToken).ConfigureAwait(false))[0] is { } stored)
        {
            parts.Scheduler.Apply(stored);
            return stored;
        }

        if (await parts.Master.Builds.FindAsync(build.Id, cancellationToken).ConfigureAwait(false) is { } fresh)
            parts.Scheduler.Apply(fresh);
        throw new RaceLostException(build.Cookie.ToString());
    }

    /// <summary>The build goes back into the queue, with what is here of its log.</summary>
    public async Task RequeueAsync(Build build, string? reason, CancellationToken cancellationToken, TimeSpan delay = default)
    {
        var kept = build.LogName ?? await attempt.CloseLogAsync(build, BuildState.NeedsBuild, cancellationToken).ConfigureAwait(false);
        await StoreAsync(build.Requeued(parts.Time.GetUtcNow(), reason, delay) with { LogName = kept }, cancellationToken)
            .ConfigureAwait(false);
        DiscardLeaf(build);
    }

    /// <summary>The same, where failing at it must stop nothing.</summary>
    public async Task TryRequeueAsync(Build build, string? reason)
    {
        try
        {
            var delay = reason is null ? default : parts.Options.NotPreparedDelay;
            await RequeueAsync(build, reason, CancellationToken.None, delay).ConfigureAwait(false);
        }
        catch (Exception exception) when (Trouble.IsExpected(exception))
        {
            logger.LogOwnTrouble(exception, builder.Name); // it stays as if the builder had it, and is found lost at the next look
        }
    }

    /// <summary>The build is over.</summary>
    public async Task<Build> EndAsync(
        Build build, BuildState state, string dependencies = "", string? reason = null, CancellationToken cancellationToken = default)
    {
        var kept = build.LogName ?? await attempt.CloseLogAsync(build, state, cancellationToken).ConfigureAwait(false);
        var ended = build.Ended(state, parts.Time.GetUtcNow(), dependencies, reason) with { LogName = kept };
        var stored = await StoreAsync(ended, cancellationToken).ConfigureAwait(false);
        DiscardLeaf(build);
        return stored;
    }

    /// <summary>The build is over because of what the master decided: its log says why.</summary>
    public Task<Build> FailAsync(Build build, BuildState state, string reason, CancellationToken cancellationToken)
    {
        attempt.Note(build, reason);
        return EndAsync(build, state, reason: reason, cancellationToken: cancellationToken);
    }

    private void DiscardLeaf(Build build)
    {
        try
        {
            parts.Gatherer.Discard(build);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogUnneededLeafLeft(exception, build.Leaf!); // it is removed at the next start
        }
    }
}
