using System.Data.Common;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Dapper;
using Npgsql;

namespace Buildd.Farm.Store;

/// <summary>
/// Copies a store of SQLite into an empty one of PostgreSQL, in one transaction: what was begun and not ended leaves nothing, and can be
/// begun again. Tables, columns and counters are those that the target's catalogue has.
/// </summary>
/// <param name="from">The store to read. Nobody can write to it meanwhile.</param>
/// <param name="to">The store to fill, in which nothing has been made.</param>
internal sealed class StoreCopy(SqliteStore from, PostgresStore to)
{
    /// <summary>How many rows are copied between two reports of progress.</summary>
    private const int Step = 1000;

    /// <summary>Receives the rows that have been copied, and all there are, now and then.</summary>
    internal Action<long, long> Progress { get; init; } = (_, _) => { };

    /// <summary>Copies everything.</summary>
    /// <param name="cancellationToken">Ends it; the target is empty then.</param>
    /// <returns>The tables and their rows, which were counted in both.</returns>
    /// <exception cref="StoreException">The target is not empty, has other tables, or has other counts in the end.</exception>
    internal Task<IReadOnlyList<(string Table, long Rows)>> RunAsync(CancellationToken cancellationToken) =>
        // A transaction that writes, in both: whoever wants to write waits, in vain where the copy takes longer than that.
        from.WriteAsync(
            source => to.WriteAsync<IReadOnlyList<(string, long)>>(
                async connection =>
                {
                    var target = (NpgsqlConnection)connection;
                    var tables = await PostgresCatalog.ReadTablesAsync(target);
                    await RequireSameTablesAsync(source, tables);
                    await EmptyAsync(target, tables);
                    return await CopyAllAsync(source, target, tables, cancellationToken);
                },
                cancellationToken),
            cancellationToken);

    /// <summary>A table that only one of the two has would be lost, or be empty.</summary>
    private async Task RequireSameTablesAsync(DbConnection source, IReadOnlyList<string> tables)
    {
        var there = await SqliteSchema.ReadTablesAsync(source);
        if (tables.Except(there).Concat(there.Except(tables)).ToList() is { Count: > 0 } others)
            throw new StoreException($"Of {from.Name} and {to.Name} only one has these tables: {string.Join(", ", others)}.");
    }

    /// <summary>
    /// Removes what every new store has, and refuses a store that has anything else. To see which is which, the tables are made a second
    /// time
    /// for a moment, in a schema that nobody else sees.
    /// </summary>
    private async Task EmptyAsync(NpgsqlConnection target, IReadOnlyList<string> tables)
    {
        var (schema, fresh) = await target.QuerySingleAsync<(string, string)>(
            "SELECT quote_ident(current_schema()), quote_ident(current_schema() || '_new')");
        await target.ExecuteAsync($"CREATE SCHEMA {fresh}; SET LOCAL search_path = {fresh}");
        await PostgresSchema.MigrateAsync(target, 0);
        await target.ExecuteAsync($"SET LOCAL search_path = {schema}");
        foreach (var table in tables)
        {
            var key = await PostgresCatalog.ReadKeyAsync(target, table);
            if (await target.ExecuteScalarAsync<bool>(
                $"SELECT EXISTS (SELECT FROM (SELECT {key} FROM \"{table}\" EXCEPT SELECT {key} FROM {fresh}.\"{table}\") AS more)"))
            {
                throw new StoreException(
                    $"The store {to.Name} is not empty: something has been stored in its table {table}, and nothing was copied. Name a new "
                        + "database in the field Store.");
            }
        }

        await target.ExecuteAsync($"DROP SCHEMA {fresh} CASCADE");
        foreach (var table in tables.Reverse())
            await target.ExecuteAsync($"DELETE FROM \"{table}\"");
    }

    private async Task<IReadOnlyList<(string Table, long Rows)>> CopyAllAsync(
        DbConnection source, NpgsqlConnection target, IReadOnlyList<string> tables, CancellationToken cancellationToken)
    {
        var expected = new List<(string Table, long Rows)>();
        foreach (var table in tables)
            expected.Add((table, await source.ExecuteScalarAsync<long>($"SELECT count(*) FROM \"{table}\"")));
        var (done, all) = (0L, expected.Sum(table => table.Rows));
        foreach (var (table, rows) in expected)
        {
            var copied = await CopyAsync(source, target, table, count => Progress(done + count, all), cancellationToken);
            var there = await target.ExecuteScalarAsync<long>($"SELECT count(*) FROM \"{table}\"", commandTimeout: 0);
            if (rows != copied || rows != there)
                throw new StoreException($"The table {table} has {rows} rows, of which {there} came to {to.Name}: nothing was kept.");
            done += copied;
        }

        // A number is never given again, also if its row is no longer there.
        foreach (var (table, column, sequence) in await PostgresCatalog.ReadSequencesAsync(target))
        {
            if (await SqliteSchema.FindLastNumberAsync(source, table, column) is { } last)
                await target.ExecuteAsync("SELECT setval(@sequence::regclass, @last)", new { sequence, last });
        }

        return expected;
    }

    private static async Task<long> CopyAsync(
        DbConnection source, NpgsqlConnection target, string table, Action<long> progress, CancellationToken cancellationToken)
    {
        var columns = await PostgresCatalog.ReadColumnsAsync(target, table);
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        var count = 0L;
        await using var rows = await source.ExecuteReaderAsync($"SELECT {names} FROM \"{table}\"");
        await using var import = await target.BeginBinaryImportAsync(
            $"COPY \"{table}\" ({names}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        import.Timeout = TimeSpan.Zero; // none: in the end the keys of all rows are checked
        while (await rows.ReadAsync(cancellationToken))
        {
            await import.StartRowAsync(cancellationToken);
            for (var i = 0; i < columns.Count; i++)
            {
                if (await rows.IsDBNullAsync(i, cancellationToken))
                    await import.WriteNullAsync(cancellationToken);
                else
                    await WriteAsync(import, columns[i], table, rows, i, cancellationToken);
            }

            if (++count % Step == 0)
                progress(count);
        }

        await import.CompleteAsync(cancellationToken);
        return count;
    }

    private static Task WriteAsync(
        NpgsqlBinaryImporter import, (string Name, string Type) column, string table, DbDataReader row, int i, CancellationToken stop) =>
        column.Type switch
        {
            "boolean" => import.WriteAsync(row.GetBoolean(i), stop),
            "bigint" => import.WriteAsync(row.GetInt64(i), stop),
            "integer" => import.WriteAsync(row.GetInt32(i), stop),
            "double precision" => import.WriteAsync(row.GetDouble(i), stop),
            "bytea" => import.WriteAsync(row.GetFieldValue<byte[]>(i), stop),
            "text" => import.WriteAsync(row.GetString(i), stop),
            _ => throw new StoreException($"The column {column.Name} of the table {table} is a {column.Type}, which can't be copied yet."),
        };
}
