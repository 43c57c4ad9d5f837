namespace Buildd.Slave.Http;

/// <summary>
/// Something that looks at the disk for whoever asks: all who ask while it runs get the same answer, and nobody waits longer
/// than the deadline. A disk that hangs thus holds up one thread, however often it is asked about.
/// </summary>
/// <param name="work">What is done, on a thread of its own.</param>
/// <param name="deadline">How long one caller waits.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedWork<T>(Func<T> work, TimeSpan deadline, TimeProvider time)
{
    private readonly Lock _lock = new();
    private Task<T>? _running;

    /// <exception cref="TimeoutException">It has not ended within the deadline; it goes on.</exception>
    internal Task<T> RunAsync(CancellationToken cancellationToken)
    {
        Task<T> running;
        lock (_lock)
        {
            if (_running is not { IsCompleted: false })
                _running = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            running = _running;
        }

        return running.WaitAsync(deadline, time, cancellationToken);
    }
}
