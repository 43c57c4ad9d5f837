using System.Data.Common;

namespace Buildd.Farm.Store;

/// <summary>
/// A farm's records in a database. What a completed write has stored survives <c>kill -9</c> and a power failure. Several processes may
/// have the same store open. Any thread may call.
/// </summary>
/// <remarks>
/// All methods of the stores throw <see cref="StoreException"/> when the database can't be read or written, and have then changed nothing.
/// </remarks>
internal abstract class FarmStore : IAsyncDisposable
{
    private protected FarmStore(Dialect dialect, string name, TimeProvider time)
    {
        Dialect = dialect;
        Name = name;
        Time = time;
        Builds = new BuildRecords(this);
        Builders = new BuilderRecords(this);
        Chroots = new ChrootRecords(this);
    }

    /// <summary>The engine's SQL.</summary>
    internal Dialect Dialect { get; }

    /// <summary>The name in messages: a file, or a database and its server.</summary>
    internal string Name { get; }

    /// <summary>The builds and the queue.</summary>
    internal BuildRecords Builds { get; }

    /// <summary>The builders.</summary>
    internal BuilderRecords Builders { get; }

    /// <summary>Which chroot is for which series and architecture.</summary>
    internal ChrootRecords Chroots { get; }

    /// <summary>The clock of records and leases.</summary>
    internal TimeProvider Time { get; }

    /// <summary>Runs a write in a transaction that nobody else's is in; durable when it returns.</summary>
    /// <param name="work">It may run twice, and must have no effect but on the store.</param>
    /// <param name="cancellationToken">Calls it off, unless it is being run.</param>
    internal abstract Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Runs a read; all of it sees one moment of the store.</summary>
    internal abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a task that ends with the next commit that this store hears of, or after a time in which others' may have gone unheard.
    /// </summary>
    internal abstract Task ChangedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether the store may have lost what it had, since this was asked last: another server has taken over. False where that can't be.
    /// </summary>
    internal virtual bool TakeRewound() => false;

    /// <summary>Closes it, after all that was handed in.</summary>
    public abstract ValueTask DisposeAsync();
}
