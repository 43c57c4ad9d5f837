using System.Data.Common;
using Buildd.Farm.Store.Postgresql;
using Buildd.Farm.Store.Sqlite;
using Dapper;
using Npgsql;

namespace Buildd.Farm.Store;

/// <summary>
/// Copies a store of SQLite into an empty one of PostgreSQL, in one transaction: what was begun and not ended leaves nothing, and can be
/// begun anew.
/// </summary>
internal static class StoreCopy
{
    /// <summary>The tables, each after those that its rows refer to.</summary>
    private static readonly string[] Tables = ["counter", "builder", "build", "specification", "chroot"];

    /// <summary>How many rows are copied between two tellings of progress.</summary>
    private const int Step = 10_000;

    /// <summary>Copies everything.</summary>
    /// <param name="from">The store to read, as it is at one moment.</param>
    /// <param name="to">The store to fill, in which nothing has been made.</param>
    /// <param name="progress">Told of a table and of how many of its rows have been copied.</param>
    /// <param name="cancellationToken">Ends it; the target is empty then.</param>
    /// <returns>The tables and their rows, which were counted in both.</returns>
    /// <exception cref="StoreException">The target is not empty, or has other counts in the end.</exception>
    internal static Task<IReadOnlyList<(string Table, long Rows)>> RunAsync(
        SqliteStore from, PostgresStore to, Action<string, long> progress, CancellationToken cancellationToken) =>
        to.WriteAsync<IReadOnlyList<(string, long)>>(
            async target =>
            {
                foreach (var table in Tables.Where(table => table != "counter"))
                {
                    if (await target.ExecuteScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {table})"))
                        throw new StoreException($"The store {to.Name} is not empty: there is something in the table {table}.");
                }

                await target.ExecuteAsync("DELETE FROM counter");
                return await from.ReadAsync(
                    source => CopyAllAsync(source, (NpgsqlConnection)target, to.Name, progress, cancellationToken), cancellationToken);
            },
            cancellationToken);

    private static async Task<IReadOnlyList<(string Table, long Rows)>> CopyAllAsync(
        DbConnection source, NpgsqlConnection target, string name, Action<string, long> progress, CancellationToken cancellationToken)
    {
        var copied = new List<(string Table, long Rows)>();
        foreach (var table in Tables)
        {
            var rows = await CopyAsync(source, target, table, progress, cancellationToken);
            var there = await target.ExecuteScalarAsync<long>($"SELECT count(*) FROM {table}");
            var here = await source.ExecuteScalarAsync<long>($"SELECT count(*) FROM {table}");
            if (rows != here || rows != there)
                throw new StoreException($"Of the table {table} {here} rows were read and {there} are in {name}: nothing was kept.");
            copied.Add((table, rows));
        }

        // A number is never given again, also if its build is no longer there.
        var last = await source.ExecuteScalarAsync<long?>("SELECT seq FROM sqlite_sequence WHERE name = 'build'");
        if (last is not null)
            await target.ExecuteAsync("SELECT setval(pg_get_serial_sequence('build', 'id'), @last)", new { last });
        return copied;
    }

    private static async Task<long> CopyAsync(
        DbConnection source, NpgsqlConnection target, string table, Action<string, long> progress, CancellationToken cancellationToken)
    {
        var columns = (await target.QueryAsync<(string Name, string Type)>(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = @table "
                + "ORDER BY ordinal_position",
            new { table })).ToList();
        var names = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));
        var count = 0L;
        await using var rows = await source.ExecuteReaderAsync($"SELECT {names} FROM {table}");
        await using var import = await target.BeginBinaryImportAsync(
            $"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            await import.StartRowAsync(cancellationToken);
            for (var i = 0; i < columns.Count; i++)
            {
                if (await rows.IsDBNullAsync(i, cancellationToken))
                    await import.WriteNullAsync(cancellationToken);
                else if (columns[i].Type == "boolean")
                    await import.WriteAsync(rows.GetBoolean(i), cancellationToken);
                else if (columns[i].Type == "bigint")
                    await import.WriteAsync(rows.GetInt64(i), cancellationToken);
                else if (columns[i].Type == "bytea")
                    await import.WriteAsync((byte[])rows.GetValue(i), cancellationToken);
                else
                    await import.WriteAsync(rows.GetString(i), cancellationToken);
            }

            if (++count % Step == 0)
                progress(table, count);
        }

        await import.CompleteAsync(cancellationToken);
        return count;
    }
}
