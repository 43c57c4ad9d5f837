using System.Data.Common;
using System.Threading.Channels;

namespace Buildd.Farm.Store;

/// <summary>
/// The one connection of a store that writes. Flushing the disk is what costs, so writes that wait at the same moment share one
/// transaction; if one of them fails, they are all run again, each in its own. Any thread may hand in.
/// </summary>
/// <param name="engine">The engine's part.</param>
internal sealed class StoreWriter(IWritingEngine engine) : IAsyncDisposable
{
    /// <summary>How many writes share a transaction; others' wait for it, and another process does too.</summary>
    private const int MaxShared = 256;

    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private Task? _running;
    private TaskCompletionSource _committed = New();

    /// <summary>Begins to take writes.</summary>
    internal void Start() => _running = Task.Run(RunAsync);

    /// <summary>Completed at the next commit.</summary>
    internal Task CommittedAsync() => Volatile.Read(ref _committed).Task;

    /// <summary>Runs a write. It may run twice, and must have no effect but on the store.</summary>
    internal Task<T> RunAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var write = new Write<T>(work, cancellationToken);
        return _writes.Writer.TryWrite(write) ? write.Task : throw new ObjectDisposedException(nameof(FarmStore));
    }

    /// <summary>Ends after all that was handed in.</summary>
    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        if (_running is not null)
            await _running;
        await engine.DisposeAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        var shared = new List<Write>();
        while (await _writes.Reader.WaitToReadAsync())
        {
            shared.Clear();
            while (shared.Count < MaxShared && _writes.Reader.TryRead(out var write))
            {
                if (!write.GiveUpIfCancelled())
                    shared.Add(write);
            }

            var trouble = await TryCommitAsync(shared);
            if (trouble is null)
                continue;
            var isOfAll = shared.Count == 1 || trouble is StoreException { IsTransient: true }; // the engine's, and not of one write
            foreach (var write in shared)
            {
                if ((isOfAll ? trouble : await TryCommitAsync([write])) is { } exception)
                    write.Fail(exception);
            }
        }
    }

    /// <summary>Runs writes in one transaction and tells who waits for them.</summary>
    /// <returns>Why it was not committed; null when it was.</returns>
    private async Task<Exception?> TryCommitAsync(IReadOnlyList<Write> writes)
    {
        if (writes.Count == 0)
            return null;
        try
        {
            var connection = await engine.BeginAsync();
            foreach (var write in writes)
                await write.RunAsync(connection);
            await engine.CommitAsync();
        }
        catch (Exception exception) // the caller that asked for the write gets it; this loop serves others too
        {
            await engine.RollBackAsync();
            return engine.Translate(exception);
        }

        foreach (var write in writes)
            write.Succeed();
        Interlocked.Exchange(ref _committed, New()).SetResult();
        return null;
    }

    private abstract class Write
    {
        internal abstract bool GiveUpIfCancelled();

        internal abstract Task RunAsync(DbConnection connection);

        internal abstract void Succeed();

        internal abstract void Fail(Exception exception);
    }

    private sealed class Write<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) : Write
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        internal Task<T> Task => _done.Task;

        internal override bool GiveUpIfCancelled() => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

        internal override async Task RunAsync(DbConnection connection) => _result = await work(connection);

        internal override void Succeed() => _done.SetResult(_result);

        internal override void Fail(Exception exception) => _done.SetException(exception);
    }
}

/// <summary>The transactions of a store that writes. One at a time.</summary>
internal interface IWritingEngine : IAsyncDisposable
{
    /// <summary>Begins a transaction that excludes all other writers, and returns the connection that it is on.</summary>
    Task<DbConnection> BeginAsync();

    /// <summary>Ends it; what it has done is durable then.</summary>
    Task CommitAsync();

    /// <summary>Ends it without a trace, if one was begun. Never throws.</summary>
    Task RollBackAsync();

    /// <summary>Says in a sentence what an engine says in a code; returns what is not of the engine as it is.</summary>
    Exception Translate(Exception exception);
}
