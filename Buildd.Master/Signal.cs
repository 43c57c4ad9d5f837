namespace Buildd.Master;

/// <summary>Wakes one waiter; what was set before it waited counts. Any thread may set, one waits.</summary>
internal sealed class Signal(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _set = New();

    public bool IsSet
    {
        get
        {
            lock (_lock)
                return _set.Task.IsCompleted;
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
            set = _set.Task;
        try
        {
            await set.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
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
