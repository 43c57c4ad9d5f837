using System.Data.Common;
using System.Globalization;

namespace Buildd.Farm.Store;

/// <summary>Runs statements written by hand. Parameters are written <c>@NAME</c>, as in Microsoft.Data.Sqlite and Npgsql.</summary>
internal static class Sql
{
    /// <summary>Runs statements.</summary>
    /// <returns>The number of rows that they changed.</returns>
    internal static int Execute(this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Returns the first column of the first row.</summary>
    /// <returns>The default when there is no row, or NULL in it.</returns>
    internal static T? ExecuteScalar<T>(
        this DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteScalar() switch
        {
            null or DBNull => default,
            T value => value,
            var value => (T)Convert.ChangeType(value, typeof(T), CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Reads all rows.</summary>
    internal static List<T> Query<T>(
        this DbConnection connection, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static DbCommand Command(DbConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
