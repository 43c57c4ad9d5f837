using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <summary>
/// Keeps what goes wrong in one part from the rest of the farm: a turn of a loop that others depend on, one build or upload of many, or a
/// call of a part that a host brings (a kind of job, a notifier, a sink of uploads).
/// </summary>
internal static class Bulkhead
{
    /// <summary>Runs a part. A mistake in code is logged as one; what else goes wrong is left to the caller.</summary>
    /// <param name="part">The part.</param>
    /// <param name="doing">What it does, such as <c>looking after bob</c>, for the log.</param>
    /// <param name="logger">The log.</param>
    /// <param name="stop">Ends the part; its <see cref="OperationCanceledException"/> passes.</param>
    /// <returns>What went wrong; null when nothing did.</returns>
    public static async Task<Exception?> RunAsync(Func<Task> part, string doing, ILogger logger, CancellationToken stop)
    {
        try
        {
            await part().ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) // a loop that ends takes its builders or all uploads with it; the only catch of its kind here
        {
            if (!Trouble.IsExpected(exception))
                logger.LogMistake(exception, doing);
            return exception;
        }
    }
}
