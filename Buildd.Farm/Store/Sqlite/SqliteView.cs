using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store.Sqlite;

/// <inheritdoc/>
internal sealed class SqliteView : StoreView
{
    private SqliteView(SqliteConnection connection, string path, string engine, int version)
        : base(connection, path, engine, version, SqliteSchema.Newest)
    {
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="StoreException">It can't be opened, or is a database of something else.</exception>
    internal static async Task<SqliteView> OpenAsync(string path)
    {
        SqliteLibrary.Require();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            Mode = SqliteOpenMode.ReadOnly,
        }.ToString());
        try
        {
            await connection.OpenAsync();
            await connection.ExecuteAsync(
                $"PRAGMA busy_timeout = {(int)SqliteStore.DefaultBusyTimeout.TotalMilliseconds}; PRAGMA query_only = ON; BEGIN DEFERRED");
            return new SqliteView(connection, path, $"SQLite {connection.ServerVersion}", SqliteSchema.FindVersion(path, connection));
        }
        catch (SqliteException exception)
        {
            await connection.DisposeAsync();
            throw SqliteErrors.Translate(path, exception);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private protected override Task<IReadOnlyList<string>> ReadTablesAsync() => SqliteSchema.ReadTablesAsync(Connection);

    private protected override async Task<IReadOnlyList<string>> FindDamageAsync()
    {
        try
        {
            var damage = (await Connection.QueryAsync<string>("SELECT integrity_check FROM pragma_integrity_check")).ToList();
            if (damage is not ["ok"])
                return damage;
        }
        catch (SqliteException exception) when (SqliteErrors.IsDamage(exception))
        {
            return [exception.Message];
        }

        var orphans = await Connection.QueryAsync<(string Table, long Row, string Parent)>(
            "SELECT \"table\", coalesce(rowid, 0), parent FROM pragma_foreign_key_check");
        return [.. orphans.Select(orphan =>
            $"the row {orphan.Row} of {orphan.Table} refers to one of {orphan.Parent} that is not there")];
    }

    private protected override Exception Translate(Exception exception) =>
        exception is SqliteException failed ? SqliteErrors.Translate(Name, failed) : exception;
}
