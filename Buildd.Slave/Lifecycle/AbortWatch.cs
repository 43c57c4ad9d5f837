using Buildd.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// Watches that an aborted build ends. When it does not, what still runs in its folder is killed; and when that does not help either,
/// this says that only another process can take builds again.
/// </summary>
/// <remarks>
/// A build that is stuck keeps its task, its mounts and its processes, and may go on at any later moment. To answer <c>clean</c> all the
/// same would let it write into the results, and unmount and remove the folder, of the build that follows. A process that ends takes its
/// tasks with it, and the next one ends what is left.
/// </remarks>
internal sealed class AbortWatch(SlaveOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>The time that a build has to end once its processes were killed, unless the deadline itself is shorter.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private bool _isDisposed;

    /// <summary>Completes when an aborted build will not end.</summary>
    internal Task Stuck => _stuck.Task;

    /// <summary>Begins to watch a build that was aborted just now. One at a time.</summary>
    /// <param name="build">The build's task.</param>
    /// <param name="snapshot">What is known of it.</param>
    internal void Begin(Task build, BuilderSnapshot snapshot) =>
        _watching = WatchAsync(build, snapshot.BuildId!, snapshot.Phase ?? "none");

    /// <summary>Ends the watching.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WatchAsync(Task build, string buildId, string phase)
    {
        if (await EndsWithinAsync(build, options.AbortDeadline).ConfigureAwait(false))
            return;
        logger.LogAbortTakesLong(buildId, phase, options.AbortDeadline);
        // A look at the processes may get stuck where the build is.
        var killing = Task.Run(() => KillAsync(BuildDirectory.PathOf(options.WorkDirectory, buildId)), CancellationToken.None);
        await EndsWithinAsync(killing, ProcessRunner.KillDeadline + Grace).ConfigureAwait(false);
        if (await EndsWithinAsync(build, options.AbortDeadline < Grace ? options.AbortDeadline : Grace).ConfigureAwait(false))
            return;
        logger.LogBuildStuck(buildId, phase);
        _stuck.TrySetResult();
    }

    private async Task KillAsync(string directory)
    {
        var scope = ProcessScope.OpenOver(
            () => ProcessTable.RootedAt(directory).Concat(ProcessTable.WorkingIn(directory))
                .Where(process => process.Pid != Environment.ProcessId),
            time);
        await using var closing = scope.ConfigureAwait(false);
        await scope.KillAllAsync(ProcessRunner.KillDeadline).ConfigureAwait(false);
    }

    /// <returns>Whether it has ended, however; true also when nobody waits for it any more.</returns>
    private async Task<bool> EndsWithinAsync(Task task, TimeSpan deadline)
    {
        try
        {
            await Task.WhenAny(task).WaitAsync(deadline, time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return _stop.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
