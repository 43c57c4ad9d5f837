using Microsoft.Data.Sqlite;

namespace Buildd.Benchmarks.Harness;

/// <summary>Statements for the peers of the store.</summary>
internal static class PlainSql
{
    /// <summary>Runs statements.</summary>
    internal static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
