using Buildd.Master.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Logs;

/// <summary>
/// Gzips large logs after their builders are free. What is to be gzipped stands in a file each (<see cref="LogStore.Pending"/>), so that a
/// master that was killed, or another one, goes on with it; until then the log is shown as it is. One at a time; any thread may call.
/// </summary>
internal sealed class LogPacker(LogStore logs, IBuildRecords builds, TimeProvider time, ILogger logger)
{
    private readonly Signal _postponed = new(time);

    /// <summary>Has it look for work now.</summary>
    public void Wake() => _postponed.Set();

    /// <summary>Gzips what there is and what comes, until cancelled; what is begun then is done again by the next one.</summary>
    /// <param name="interval">How often it looks for what it was not told of, and tries again what has failed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (await Bulkhead.RunAsync(TurnAsync, "gzipping logs", logger, cancellationToken).ConfigureAwait(false) is { } broken)
                    logger.LogLogsNotPacked(broken);
                await _postponed.WaitAsync(interval, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // that is how it ends
        }

        async Task TurnAsync()
        {
            foreach (var pending in logs.Pending())
                await PackAsync(pending, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PackAsync(PendingLog pending, CancellationToken cancellationToken)
    {
        var build = await builds.FindAsync(pending.Cookie.Id, cancellationToken).ConfigureAwait(false);
        // Where its agent was cut short before the build's record had the name, the agent completes the log again.
        if (build is { Queue: QueueState.Running or QueueState.Cancelling } && build.Attempt == pending.Attempt
            && build.LogName != pending.Name)
            return;
        var broken = await Bulkhead.RunAsync(
            () => logs.PackAsync(pending, cancellationToken), $"gzipping the log of {pending}", logger, cancellationToken)
            .ConfigureAwait(false);
        if (broken is not null)
            logger.LogLogNotPacked(broken, pending.Cookie);
    }
}
