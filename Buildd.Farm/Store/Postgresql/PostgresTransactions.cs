using System.Data;
using System.Data.Common;
using Dapper;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <summary>
/// The transactions of a program that writes, one at a time, on a connection that is made again when it was lost. Of several programs one
/// writes at a time: revisions are then committed in their order, so that whoever reads changes misses none.
/// </summary>
/// <param name="source">Makes connections.</param>
/// <param name="name">The store, for messages.</param>
/// <param name="time">The clock of waits.</param>
internal sealed class PostgresTransactions(NpgsqlDataSource source, string name, TimeProvider time) : IWritingEngine
{
    /// <summary>
    /// Takes the lock of those who write, until the transaction ends: "Bldd", as in the head of a file of SQLite, and which schema it
    /// is, so
    /// that farms in one database don't wait for each other.
    /// </summary>
    internal const string Lock = "pg_advisory_xact_lock(1114399844, hashtext(current_schema()))";

    /// <summary>The channel on which commits are told.</summary>
    internal const string Channel = "buildd";

    /// <summary>How long it is tried to learn what became of a commit whose answer never came: until a server is there again.</summary>
    private static readonly TimeSpan UncertainDeadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>One question: the lock first, then the number of the transaction.</summary>
    private const string BeginSql = $"WITH locked AS MATERIALIZED (SELECT {Lock}) SELECT pg_current_xact_id()::text FROM locked";

    private NpgsqlConnection? _connection;
    private NpgsqlTransaction? _transaction;
    private string? _transactionId;

    public async Task<DbConnection> BeginAsync()
    {
        if (_connection is null)
            return await BeginOnNewAsync();
        try
        {
            return await BeginOnOldAsync();
        }
        catch (Exception exception) when (PostgresErrors.IsConnectionLost(exception) && !IsTimeout(exception))
        {
            await CloseAsync(); // while nobody used it: the server was restarted, which need not trouble anybody
            return await BeginOnNewAsync();
        }
    }

    public async Task CommitAsync()
    {
        await _connection!.ExecuteAsync($"NOTIFY {Channel}");
        try
        {
            await _transaction!.CommitAsync();
        }
        catch (Exception exception) when (PostgresErrors.IsConnectionLost(exception))
        {
            await CloseAsync();
            if (!await WasCommittedAsync(exception))
                throw;
        }

        _transaction = null;
    }

    public async Task RollBackAsync()
    {
        try
        {
            if (_transaction is not null)
                await _transaction.RollbackAsync();
        }
        catch (Exception exception) when (exception is InvalidOperationException || PostgresErrors.IsOfServer(exception))
        {
            await CloseAsync(); // the server ends what a connection has begun
        }

        _transaction = null;
        if (_connection is { State: not ConnectionState.Open })
            await CloseAsync();
    }

    public Exception Translate(Exception exception) =>
        PostgresErrors.IsOfServer(exception) ? PostgresErrors.Translate(name, exception) : exception;

    public async ValueTask DisposeAsync() => await CloseAsync();

    private static bool IsTimeout(Exception exception) =>
        exception is TimeoutException or NpgsqlException { InnerException: TimeoutException };

    private async Task<DbConnection> BeginOnNewAsync()
    {
        _connection = await source.OpenConnectionAsync();
        return await BeginOnOldAsync();
    }

    private async Task<DbConnection> BeginOnOldAsync()
    {
        _transaction = await _connection!.BeginTransactionAsync();
        _transactionId = await _connection.ExecuteScalarAsync<string>(BeginSql);
        return _connection;
    }

    /// <summary>Asks the server what became of the transaction, once there is one again.</summary>
    /// <exception cref="StoreException">There was none for too long, or it did not know.</exception>
    private async Task<bool> WasCommittedAsync(Exception lost)
    {
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < UncertainDeadline; await Task.Delay(RetryDelay, time))
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync();
                var status = await connection.ExecuteScalarAsync<string>(
                    "SELECT pg_xact_status(@transaction::text::xid8)", new { transaction = _transactionId });
                if (status is "committed" or "aborted")
                    return status == "committed";
                // "in progress": the server has not noticed yet that we are gone, or has not done yet what we told it.
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidParameterValue)
            {
                return false; // a replica that has taken over, and that the transaction never reached
            }
            catch (Exception exception) when (PostgresErrors.IsOfServer(exception))
            {
                // It is away still.
            }
        }

        throw PostgresErrors.Uncertain(name, lost);
    }

    private async Task CloseAsync()
    {
        var connection = _connection;
        (_connection, _transaction) = (null, null);
        if (connection is not null)
            await connection.DisposeAsync();
    }
}
