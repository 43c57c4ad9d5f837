namespace Buildd.Backends.Environments;

/// <summary>A step that goes on beside the others, until it is ended. Methods may be called from any thread.</summary>
internal sealed class HeldStep
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HeldStep(Func<CancellationToken, Task> run) => Completion = RunAsync(run);

    /// <summary>Ends with the step, and fails as it does; that it was ended by <see cref="EndAsync"/> is no failure.</summary>
    internal Task Completion { get; }

    /// <summary>Starts a step.</summary>
    internal static HeldStep Start(Func<CancellationToken, Task> run) => new(run);

    /// <summary>Ends the step and waits for that. How it ended does not count any more.</summary>
    internal async Task EndAsync(CancellationToken cancellationToken)
    {
        _end.TrySetResult();
        await ((Task)Completion.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task RunAsync(Func<CancellationToken, Task> run)
    {
        using var stop = new CancellationTokenSource();
        var running = run(stop.Token);
        if (await Task.WhenAny(running, _end.Task).ConfigureAwait(false) != running)
            await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // as wanted
        }
    }
}
