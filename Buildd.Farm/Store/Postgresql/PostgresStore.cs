using System.Data;
using System.Data.Common;
using Dapper;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>A farm in a database of PostgreSQL 15 or newer, for several programs on several machines.</summary>
/// <remarks>
/// Of all programs one writes at a time, and reads wait for nobody. A connection that is lost is made again by the next call; the call
/// that lost it fails with a transient <see cref="StoreException"/>, unless the server says later that it had committed.
/// </remarks>
internal sealed class PostgresStore : FarmStore
{
    /// <summary>How long nobody looks for commits of others where the connection that hears of them was lost.</summary>
    private static readonly TimeSpan DeafInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long whoever waits for a commit waits at the most, in case nobody told of it.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(15);

    private readonly NpgsqlDataSource _source;
    private readonly StoreWriter _writer;
    private readonly SemaphoreSlim _readers = new(PostgresSource.MaxReaders);
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _changed = New();
    private string? _timeline; // of the one who listens
    private int _isRewound;

    private PostgresStore(NpgsqlDataSource source, string name, TimeProvider time)
        : base(PostgresDialect.Instance, name, time)
    {
        _source = source;
        _writer = new StoreWriter(new PostgresTransactions(source, name, time));
        _writer.Start();
    }

    /// <summary>Opens a store; makes it in an empty database; brings an older one up to date.</summary>
    /// <param name="connectionString">Npgsql's: <c>Host=…;Database=…;Username=…</c>, and what else there is.</param>
    /// <param name="time">The clock of records and leases; the system's by default.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreException">It can't be reached, or was made by a newer program.</exception>
    public static async Task<PostgresStore> OpenAsync(
        string connectionString, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var (source, name) = PostgresSource.Create(connectionString);
        try
        {
            await using (var connection = await source.OpenConnectionAsync(cancellationToken))
                await PostgresSchema.PrepareAsync(connection, name);
            return new PostgresStore(source, name, time ?? TimeProvider.System);
        }
        catch (Exception exception) when (PostgresErrors.IsOfServer(exception))
        {
            await source.DisposeAsync();
            throw PostgresErrors.Translate(name, exception);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        _writer.RunAsync(work, cancellationToken);

    /// <inheritdoc/>
    internal override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            return await work(connection);
        }
        catch (Exception exception) when (PostgresErrors.IsOfServer(exception))
        {
            throw PostgresErrors.Translate(Name, exception);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <inheritdoc/>
    internal override async Task ChangedAsync(CancellationToken cancellationToken)
    {
        var changed = Volatile.Read(ref _changed).Task;
        if (_listening.IsCompleted)
            _listening = Task.Run(ListenAsync, CancellationToken.None);
        await changed.WaitAsync(LookInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    internal override bool TakeRewound() => Interlocked.Exchange(ref _isRewound, 0) == 1;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _listening;
        await _writer.DisposeAsync();
        await _source.DisposeAsync();
        _readers.Dispose();
        _stop.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Hears of commits on a connection of its own, until the store is closed; losing it wakes whoever waits, too.</summary>
    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(_stop.Token);
                connection.Notification += (_, _) => Wake();
                await CheckTimelineAsync(connection);
                await connection.ExecuteAsync($"LISTEN {PostgresTransactions.Channel}");
                Wake(); // what was committed before is not told
                while (true)
                    await connection.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception exception) when (PostgresErrors.IsOfServer(exception))
            {
                Wake(); // who waits looks, and says what is wrong
                await Task.WhenAny(Task.Delay(DeafInterval, _stop.Token));
            }
        }

        Wake();
    }

    /// <summary>A replica that takes over begins a timeline of its own, and may not have got all of the one before.</summary>
    private async Task CheckTimelineAsync(NpgsqlConnection connection)
    {
        var timeline = await connection.ExecuteScalarAsync<string>("SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)");
        if (_timeline is not null && timeline != _timeline)
            Volatile.Write(ref _isRewound, 1);
        _timeline = timeline;
    }

    private void Wake() => Interlocked.Exchange(ref _changed, New()).TrySetResult();
}
