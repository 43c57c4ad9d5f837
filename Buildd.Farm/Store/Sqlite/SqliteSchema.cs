using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store.Sqlite;

/// <summary>The tables of a file of SQLite: their version, which the file's head has, and the way to today's.</summary>
internal static class SqliteSchema
{
    /// <summary>Says in the file's head whose it is: "Bldd". See <c>PRAGMA application_id</c>.</summary>
    private const int ApplicationId = 0x426C6464;

    private static readonly IReadOnlyList<Migration> Migrations = Migration.Read(SqliteDialect.Instance.Name);

    /// <summary>The version that this program makes and works with.</summary>
    internal static int Newest => Migrations.Count;

    /// <summary>Returns the version of a store; 0 for a file with nothing in it.</summary>
    /// <exception cref="StoreException">It is a database of something else.</exception>
    internal static int FindVersion(string path, SqliteConnection connection)
    {
        var application = connection.ExecuteScalar<int>("PRAGMA application_id");
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (application == 0 && version == 0 && connection.ExecuteScalar<int>("SELECT count(*) FROM sqlite_schema") == 0)
            return 0;
        return application == ApplicationId
            ? version
            : throw new StoreException($"{path} is a database of something else: name another file or folder for the farm's store.");
    }

    /// <summary>Makes the tables in an empty file, and brings older ones up to date.</summary>
    /// <exception cref="StoreException">It is a database of something else, or of a newer program.</exception>
    internal static void Prepare(string path, SqliteConnection writer, TimeSpan busyTimeout)
    {
        writer.Execute("BEGIN DEFERRED"); // otherwise another process may make the store between one look at the file and the next
        var found = FindKnownVersion(path, writer);
        writer.Execute("COMMIT TRANSACTION");
        if (found == Newest)
            return;
        SwitchToWal(writer, busyTimeout);
        writer.Execute("BEGIN IMMEDIATE"); // of two processes that are here at the same time, the second finds it done
        foreach (var migration in Migrations.Skip(FindKnownVersion(path, writer)))
        {
            writer.Execute(migration.Sql);
            writer.Execute($"PRAGMA user_version = {migration.Number}; PRAGMA application_id = {ApplicationId}");
        }

        writer.Execute("COMMIT TRANSACTION");
    }

    /// <summary>Returns the names of the tables that a farm stores in, in their order.</summary>
    internal static async Task<IReadOnlyList<string>> ReadTablesAsync(DbConnection connection) => [.. await connection.QueryAsync<string>(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name")];

    /// <summary>Returns the last number that a column which counts up by itself has given; null when it has given none.</summary>
    internal static async Task<long?> FindLastNumberAsync(DbConnection connection, string table, string column) =>
        await connection.ExecuteScalarAsync<long?>(
            $"SELECT max(n) FROM (SELECT seq AS n FROM sqlite_sequence WHERE name = @table "
                + $"UNION ALL SELECT max(\"{column}\") FROM \"{table}\")",
            new { table });

    private static int FindKnownVersion(string path, SqliteConnection connection)
    {
        var version = FindVersion(path, connection);
        return version <= Newest ? version : throw StoreException.OfNewerProgram(path, version, Newest);
    }

    /// <summary>
    /// Who changes the journal's kind needs the file for himself, and is told at once that it is busy, without the timeout.
    /// </summary>
    private static void SwitchToWal(SqliteConnection writer, TimeSpan busyTimeout)
    {
        for (var start = Environment.TickCount64; ;)
        {
            try
            {
                writer.Execute("PRAGMA journal_mode = WAL");
                return;
            }
            catch (SqliteException exception) when (SqliteErrors.IsBusy(exception)
                && Environment.TickCount64 - start < busyTimeout.TotalMilliseconds)
            {
                Thread.Yield();
            }
        }
    }
}
