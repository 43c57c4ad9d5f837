namespace Buildd.Master;

/// <summary>Wakes one waiter; what was set before it waited counts. Any thread may set, one waits.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _set = New();
    private (long Since, TimeSpan Timeout)? _waits;

    /// <summary>Whether somebody waits, and has nothing to wake for yet; for tests, which then move the clock.</summary>
    public bool IsWaitedFor
    {
        get
        {
            lock (_lock)
                return !_set.Task.IsCompleted && _waits is var (since, timeout)
                    && (timeout == Timeout.InfiniteTimeSpan || time.GetElapsedTime(since) < timeout);
        }
    }

    public void Set()
    {
        lock (_lock)
            _set.TrySetResult();
    }

    /// <summary>Waits until it is set, and resets it, or until the time is over.</summary>
    /// <returns>Whether it was set.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task set;
        lock (_lock)
        {
            // The timer first: were the clock moved in between, the time told would come before the timer, and nobody would move it on.
            set = _set.Task.WaitAsync(timeout, time, cancellationToken);
            _waits = (time.GetTimestamp(), timeout);
        }

        try
        {
            await set.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_lock)
                _waits = null;
        }

        lock (_lock)
        {
            if (_set.Task.IsCompleted)
                _set = New();
        }

        return true;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
