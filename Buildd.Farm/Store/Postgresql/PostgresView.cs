using System.Data;
using Dapper;
using Npgsql;

namespace Buildd.Farm.Store.Postgresql;

/// <inheritdoc/>
internal sealed class PostgresView : StoreView
{
    private readonly NpgsqlConnection _connection;

    private PostgresView(NpgsqlConnection connection, string name, int version)
        : base(connection, name, $"PostgreSQL {connection.PostgreSqlVersion}", version, PostgresSchema.Newest)
    {
        _connection = connection;
    }

    /// <summary>Opens a database.</summary>
    /// <exception cref="StoreException">It can't be opened, or is one of something else.</exception>
    internal static async Task<PostgresView> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var (source, name) = PostgresSource.Create(connectionString);
        NpgsqlConnection? connection = null;
        try
        {
            await using (source) // which closes idle connections only
            {
                connection = await source.OpenConnectionAsync(cancellationToken);
                await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
                await connection.ExecuteAsync("SET TRANSACTION READ ONLY");
                return new PostgresView(connection, name, await PostgresSchema.FindVersionAsync(connection, name));
            }
        }
        catch (Exception exception) when (PostgresErrors.IsOfServer(exception))
        {
            await CloseAsync(connection);
            throw PostgresErrors.Translate(name, exception);
        }
        catch
        {
            await CloseAsync(connection);
            throw;
        }
    }

    private static ValueTask CloseAsync(NpgsqlConnection? connection) => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private protected override Task<IReadOnlyList<string>> ReadTablesAsync() => PostgresCatalog.ReadTablesAsync(_connection);

    private protected override async Task<IReadOnlyList<string>> FindDamageAsync()
    {
        var mistakes = new List<string>();
        mistakes.AddRange((await _connection.QueryAsync<string>(
            "SELECT conname::text FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1"))
            .Select(constraint => $"the constraint {constraint} was never checked for the rows that were there: "
                + "VALIDATE CONSTRAINT does it"));
        mistakes.AddRange((await _connection.QueryAsync<string>(
            "SELECT relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT (indisvalid AND indisready) "
                + "AND relnamespace = current_schema()::regnamespace ORDER BY 1"))
            .Select(index => $"the index {index} is not complete: REINDEX makes it anew"));
        var tables = await ReadTablesAsync();
        var indexes = await PostgresCatalog.ReadUniqueIndexesAsync(_connection);
        var keys = await PostgresCatalog.ReadForeignKeysAsync(_connection);
        var sequences = await PostgresCatalog.ReadSequencesAsync(_connection);
        // What follows is read from the tables themselves: it is the indexes that are in doubt.
        await _connection.ExecuteAsync(
            "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off");
        foreach (var table in tables)
            await TryAsync($"SELECT count(length(CAST(t AS TEXT))) FROM \"{table}\" t", _ => null, $"the table {table}", mistakes);
        foreach (var (index, table, columns, rows) in indexes)
        {
            await TryAsync(
                $"SELECT count(*) FROM (SELECT FROM {table} WHERE {rows} GROUP BY {columns} HAVING count(*) > 1) AS twice",
                count => count == 0 ? null : $"{count} keys of the unique index {index} are there several times",
                $"the index {index}", mistakes);
        }

        foreach (var (key, broken) in keys)
        {
            await TryAsync(
                broken, count => count == 0 ? null : $"{count} rows refer to others that are not there, against the key {key}",
                $"the key {key}", mistakes);
        }

        foreach (var (table, column, sequence) in sequences)
        {
            await TryAsync(
                $"SELECT count(*) FROM \"{table}\" WHERE \"{column}\" > (SELECT CASE WHEN is_called THEN last_value "
                    + $"ELSE last_value - 1 END FROM {sequence})",
                count => count == 0 ? null : $"{count} rows of the table {table} have a number that {sequence} will give again",
                $"the sequence {sequence}", mistakes);
        }

        await _connection.ExecuteAsync(
            "SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_bitmapscan = on");
        return mistakes;
    }

    private protected override Exception Translate(Exception exception) => PostgresErrors.Translate(Name, exception);

    /// <summary>Counts something. That it can't be read is a mistake too, after which the others are looked for all the same.</summary>
    private async Task TryAsync(string sql, Func<long, string?> judge, string what, List<string> mistakes)
    {
        try
        {
            await _connection.ExecuteAsync("SAVEPOINT look");
            if (judge(await _connection.ExecuteScalarAsync<long>(sql, commandTimeout: 0)) is { } mistake)
                mistakes.Add(mistake);
            await _connection.ExecuteAsync("RELEASE SAVEPOINT look");
        }
        catch (PostgresException exception) when (!PostgresErrors.IsConnectionLost(exception))
        {
            mistakes.Add($"{what} can't be read to its end: {exception.MessageText}");
            await _connection.ExecuteAsync("ROLLBACK TO SAVEPOINT look");
        }
    }
}
