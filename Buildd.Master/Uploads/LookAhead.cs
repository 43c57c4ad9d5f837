namespace Buildd.Master.Uploads;

/// <summary>
/// Begins the work on things before their turn, a few at a time, and gives its results in their order. For one thread at a time.
/// </summary>
/// <param name="count">How many things there are.</param>
/// <param name="window">How many are worked on at a time, the one whose turn it is included.</param>
/// <param name="work">The work on the thing of a number; on any thread.</param>
internal sealed class LookAhead<T>(int count, int window, Func<int, Task<T>> work) : IAsyncDisposable
{
    private readonly List<Task<T>> _begun = [];

    /// <summary>Returns the work on a thing, and has that on the next ones begin.</summary>
    public Task<T> TakeAsync(int number)
    {
        while (_begun.Count < Math.Min(count, number + window))
        {
            var next = _begun.Count;
            _begun.Add(Task.Run(() => work(next)));
        }

        return _begun[number];
    }

    /// <summary>Waits for what was begun. What went wrong with it is told where it is taken.</summary>
    public async ValueTask DisposeAsync() => await ((Task)Task.WhenAll(_begun)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
