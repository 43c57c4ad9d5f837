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
    /// <summary>What <c>SHOW server_version_num</c> says of the oldest one that the schema was made for.</summary>
    private const int OldestServer = 150000;

    /// <summary>How long nobody looks for commits of others where the connection that hears of them was lost.</summary>
    private static readonly TimeSpan DeafInterval = TimeSpan.FromSeconds(1);

    private static readonly IReadOnlyList<Migration> Migrations = Migration.Read(PostgresDialect.Instance.Name);

    private readonly NpgsqlDataSource _source;
    private readonly StoreWriter _writer;
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _changed = New();

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
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "buildd-farm" };
        var name = $"{builder.Database ?? builder.Username} at {builder.Host}";
        var source = NpgsqlDataSource.Create(builder);
        try
        {
            await using (var connection = await source.OpenConnectionAsync(cancellationToken))
                await PrepareAsync(connection, name);
            return new PostgresStore(source, name, time ?? TimeProvider.System);
        }
        catch (DbException exception)
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
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            return await work(connection);
        }
        catch (DbException exception)
        {
            throw PostgresErrors.Translate(Name, exception);
        }
    }

    /// <inheritdoc/>
    internal override async Task ChangedAsync(CancellationToken cancellationToken)
    {
        var changed = Volatile.Read(ref _changed).Task;
        if (_listening.IsCompleted)
            _listening = Task.Run(ListenAsync, CancellationToken.None);
        await changed.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _listening;
        await _writer.DisposeAsync();
        await _source.DisposeAsync();
        _stop.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task PrepareAsync(NpgsqlConnection connection, string name)
    {
        if (await connection.ExecuteScalarAsync<int>("SELECT current_setting('server_version_num')::int") is var server and < OldestServer)
        {
            throw new StoreException(
                $"The server of the farm's store {name} is PostgreSQL {server / 10000}, and {OldestServer / 10000} is the oldest that will "
                    + "do.");
        }

        await using var transaction = await connection.BeginTransactionAsync();
        // Of two programs that are here at the same time, the second finds it done.
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@WritersLock)", new { PostgresTransactions.WritersLock });
        var version = await FindVersionAsync(connection, name);
        if (version > Migrations.Count)
        {
            throw new StoreException(
                $"The farm's store {name} has the schema {version}, and this program knows those up to {Migrations.Count}: it was used by "
                    + "a newer program. Run that one, or put a backup from before in its place.");
        }

        foreach (var migration in Migrations.Skip(version))
        {
            await connection.ExecuteAsync(migration.Sql);
            await connection.ExecuteAsync("UPDATE farm_schema SET version = @Number", new { migration.Number });
        }

        await transaction.CommitAsync();
    }

    private static async Task<int> FindVersionAsync(NpgsqlConnection connection, string name)
    {
        if (await connection.ExecuteScalarAsync<bool>("SELECT to_regclass('farm_schema') IS NOT NULL"))
            return await connection.ExecuteScalarAsync<int>("SELECT version FROM farm_schema");
        if (await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema())"))
            throw new StoreException($"{name} is a database of something else: name another one for the farm's store.");
        await connection.ExecuteAsync("CREATE TABLE farm_schema (version INT NOT NULL); INSERT INTO farm_schema VALUES (0)");
        return 0;
    }

    /// <summary>Hears of commits on a connection of its own, until the store is closed; losing it wakes whoever waits, too.</summary>
    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(_stop.Token);
                connection.Notification += (_, _) => Wake();
                await connection.ExecuteAsync($"LISTEN {PostgresTransactions.Channel}");
                Wake(); // what was committed before is not told
                while (true)
                    await connection.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (DbException)
            {
                Wake();
                await Task.WhenAny(Task.Delay(DeafInterval, _stop.Token));
            }
        }

        Wake();
    }

    private void Wake() => Interlocked.Exchange(ref _changed, New()).TrySetResult();
}
