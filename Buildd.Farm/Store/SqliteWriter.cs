using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>
/// The one thread of a store that writes. Flushing the disk is what costs, so writes that wait at the same moment share one
/// transaction; if one of them fails, they are all run again, each in its own. Any thread may hand in.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>How many writes share a transaction; others' wait for it, and another process does too.</summary>
    private const int MaxShared = 256;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly BlockingCollection<Write> _writes = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SqliteWriter(string path, SqliteConnection connection)
    {
        _path = path;
        _connection = connection;
        new Thread(Run) { IsBackground = true, Name = "store" }.Start();
    }

    /// <summary>Completed at the next commit.</summary>
    internal Task CommittedAsync() => Volatile.Read(ref _committed).Task;

    /// <summary>Runs a write. It may run twice, and must have no effect but on the store.</summary>
    internal Task<T> RunAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var write = new Write<T>(work, cancellationToken);
        try
        {
            _writes.Add(write, CancellationToken.None);
        }
        catch (InvalidOperationException) // it takes no more
        {
            throw new ObjectDisposedException(nameof(SqliteStore));
        }

        return write.Task;
    }

    /// <summary>Closes the connection, after all that was handed in.</summary>
    public async ValueTask DisposeAsync()
    {
        _writes.CompleteAdding();
        await _ended.Task;
        _writes.Dispose();
    }

    private void Run()
    {
        var shared = new List<Write>();
        foreach (var first in _writes.GetConsumingEnumerable())
        {
            shared.Clear();
            for (Write? next = first; next is not null; next = shared.Count < MaxShared && _writes.TryTake(out var more) ? more : null)
            {
                if (!next.GiveUpIfCancelled())
                    shared.Add(next);
            }

            if (TryCommit(shared) is null)
                continue;
            foreach (var write in shared)
            {
                if (TryCommit([write]) is { } exception)
                    write.Fail(exception);
            }
        }

        _connection.Dispose();
        _ended.SetResult();
    }

    /// <summary>Runs writes in one transaction and tells who waits for them.</summary>
    /// <returns>Why it was not committed; null when it was.</returns>
    private Exception? TryCommit(IReadOnlyList<Write> writes)
    {
        if (writes.Count == 0)
            return null;
        try
        {
            _connection.Execute("BEGIN IMMEDIATE");
            foreach (var write in writes)
                write.Run(_connection);
            _connection.Execute("COMMIT TRANSACTION");
        }
        catch (Exception exception) // the caller that asked for the write gets it; this thread serves others too
        {
            RollBack();
            return exception is SqliteException sqlite ? SqliteErrors.Translate(_path, sqlite) : exception;
        }

        foreach (var write in writes)
            write.Succeed();
        Interlocked.Exchange(ref _committed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        return null;
    }

    private void RollBack()
    {
        try
        {
            _connection.Execute("ROLLBACK TRANSACTION");
        }
        catch (SqliteException)
        {
            // None was begun, or a full disk has ended it already: either way nothing of it is left.
        }
    }

    private abstract class Write
    {
        internal abstract bool GiveUpIfCancelled();

        internal abstract void Run(SqliteConnection connection);

        internal abstract void Succeed();

        internal abstract void Fail(Exception exception);
    }

    private sealed class Write<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) : Write
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        internal Task<T> Task => _done.Task;

        internal override bool GiveUpIfCancelled() => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

        internal override void Run(SqliteConnection connection) => _result = work(connection);

        internal override void Succeed() => _done.SetResult(_result);

        internal override void Fail(Exception exception) => _done.SetException(exception);
    }
}
