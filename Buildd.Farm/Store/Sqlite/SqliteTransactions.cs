using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store.Sqlite;

/// <summary>The transactions of the one connection to a file that writes.</summary>
/// <param name="path">The file.</param>
/// <param name="connection">The connection, opened; it is closed with this.</param>
internal sealed class SqliteTransactions(string path, SqliteConnection connection) : IWritingEngine
{
    public async Task<DbConnection> BeginAsync()
    {
        await connection.ExecuteAsync("BEGIN IMMEDIATE");
        return connection;
    }

    public Task CommitAsync() => connection.ExecuteAsync("COMMIT TRANSACTION");

    public async Task RollBackAsync()
    {
        try
        {
            await connection.ExecuteAsync("ROLLBACK TRANSACTION");
        }
        catch (SqliteException)
        {
            // None was begun, or a full disk has ended it already: either way nothing of it is left.
        }
    }

    public Exception Translate(Exception exception) =>
        exception is SqliteException failed ? SqliteErrors.Translate(path, failed) : exception;

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
