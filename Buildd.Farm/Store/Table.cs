using System.Data.Common;
using Dapper;

namespace Buildd.Farm.Store;

/// <summary>A table of records: its statements, made of its columns, and the records of its rows. Any thread may use one.</summary>
/// <typeparam name="T">The records. They have a constructor without parameters.</typeparam>
/// <param name="name">The table's name.</param>
/// <param name="dialect">The engine's SQL.</param>
/// <param name="columns">The columns.</param>
internal sealed class Table<T>(string name, Dialect dialect, IReadOnlyList<Column<T>> columns)
    where T : class
{
    private const string Id = "id";
    private const string Revision = "revision";
    private const string NewRevision = "new_revision";

    private readonly Column<T>[] _columns = [.. columns];
    private readonly Column<T>[] _changing = [.. columns.Where(column => column.Changes)];
    private readonly string _names = dialect.Names(columns.Select(column => column.Name));

    /// <summary>Reads records.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="rest">The end of a SELECT, from WHERE or ORDER BY on.</param>
    /// <param name="parameters">An object with a property for each of its parameters; null for none.</param>
    internal Task<List<T>> QueryAsync(DbConnection connection, string rest, object? parameters = null) =>
        ReadAsync(connection, Select(null, rest), parameters);

    /// <summary>Reads the records of a listing.</summary>
    internal Task<List<T>> QueryAsync(DbConnection connection, SelectStatement listing) =>
        ReadAsync(connection, Select(listing.Index, listing.Rest), new DynamicParameters(listing.Parameters));

    /// <summary>Reads records.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="rest">The end of a SELECT, from WHERE or ORDER BY on. It names columns with their table, <c>archive.owner</c>.</param>
    internal Task<List<T>> QueryAsync(DbConnection connection, Sql rest)
    {
        var (text, parameters) = rest.For(dialect);
        return ReadAsync(connection, Select(null, text), parameters);
    }

    /// <inheritdoc cref="QueryAsync(DbConnection, Sql)"/>
    /// <summary>Reads the first record; null when there is none.</summary>
    internal async Task<T?> FindAsync(DbConnection connection, Sql rest) => (await QueryAsync(connection, rest)).FirstOrDefault();

    /// <summary>Reads the first record; null when there is none.</summary>
    /// <inheritdoc cref="QueryAsync(DbConnection, string, object?)"/>
    internal async Task<T?> FindAsync(DbConnection connection, string rest, object? parameters) =>
        (await QueryAsync(connection, rest, parameters)).FirstOrDefault();

    /// <summary>Counts the records of a listing.</summary>
    internal Task<long> CountAsync(DbConnection connection, SelectStatement listing) =>
        connection.ExecuteScalarAsync<long>(SelectCount(listing.Index, listing.Rest), new DynamicParameters(listing.Parameters));

    /// <summary>Returns a SELECT of records.</summary>
    /// <param name="index">The index that it goes through; null for the engine's choice.</param>
    /// <param name="rest">The end, from WHERE or ORDER BY on.</param>
    internal string Select(string? index, string rest) => $"SELECT {_names} FROM {From(index)} {rest}";

    /// <summary>Returns a SELECT of the number of records.</summary>
    /// <inheritdoc cref="Select"/>
    internal string SelectCount(string? index, string rest) => $"SELECT count(*) FROM {From(index)} {rest}";

    /// <summary>Returns an INSERT of a row.</summary>
    /// <param name="except">The names of the columns that the engine sets itself.</param>
    /// <param name="more">The names of columns that are not of the record, with a parameter each.</param>
    internal string Insert(IReadOnlyList<string> except, params IReadOnlyList<string> more)
    {
        string[] names = [.. _columns.Select(column => column.Name).Except(except), .. more];
        return $"INSERT INTO {dialect.Quote(name)} ({dialect.Names(names)}) VALUES ({string.Join(", ", names.Select(dialect.Parameter))})";
    }

    /// <summary>Returns an INSERT of a row that does nothing when there is one with the same key.</summary>
    internal string InsertUnlessThere(params IReadOnlyList<string> key) => dialect.UnlessThere(Insert([]), key);

    /// <summary>Returns an INSERT of a row that replaces what changes of one with the same key.</summary>
    internal string InsertOrUpdate(params IReadOnlyList<string> key) =>
        dialect.OrUpdate(Insert([]), key, _changing.Select(column => column.Name));

    /// <summary>Returns an UPDATE of what changes of a record and of its revision, if the row has the record's key and revision.</summary>
    internal string Replace(string key) =>
        $"UPDATE {dialect.Quote(name)} SET {dialect.Quote(Revision)} = {dialect.Parameter(NewRevision)}, "
        + string.Join(", ", _changing.Select(column => IsParameter(column.Name)))
        + $" WHERE {IsParameter(key)} AND {IsParameter(Revision)}";

    /// <summary>Inserts a record whose number the engine gives.</summary>
    /// <returns>The number.</returns>
    internal async Task<long> AddAsync(DbConnection connection, T record)
    {
        using var insert = PrepareInsert(connection, $"{Insert([Id])} RETURNING {dialect.Quote(Id)}", [Id]);
        return await insert.QueryAsync(record, row => row.GetInt64(0));
    }

    /// <summary>Writes what changes of a record into the row with its number.</summary>
    internal async Task UpdateAsync(DbConnection connection, T record)
    {
        var set = string.Join(", ", _changing.Select(column => IsParameter(column.Name)));
        using var update = new RowStatement<T>(
            connection,
            dialect,
            $"UPDATE {dialect.Quote(name)} SET {set} WHERE {IsParameter(Id)}",
            [.. _columns.Where(column => column.Changes || column.Name == Id)],
            []);
        await update.ExecuteAsync(record);
    }

    /// <summary>Removes the row with a number.</summary>
    internal Task RemoveAsync(DbConnection connection, long id) =>
        connection.ExecuteAsync($"DELETE FROM {dialect.Quote(name)} WHERE {IsParameter(Id)}", new { id });

    /// <summary>Prepares an INSERT for many records.</summary>
    internal RowStatement<T> PrepareInsert(
        DbConnection connection, string sql, IReadOnlyList<string> except, params IReadOnlyList<string> more) =>
        new(connection, dialect, sql, [.. _columns.Where(column => !except.Contains(column.Name))], more);

    /// <summary>Prepares what <see cref="Replace"/> returned, for many records.</summary>
    internal RowStatement<T> PrepareReplace(DbConnection connection, string sql, string key) => new(
        connection,
        dialect,
        sql,
        [.. _columns.Where(column => column.Changes || column.Name == key || column.Name == Revision)],
        [NewRevision]);

    /// <summary>
    /// Replaces what changes of many records by one statement, of each if the row has the record's key and revision, where the engine has
    /// arrays. No two records may have the same key.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="key">The key's column.</param>
    /// <param name="condition">A further condition, which begins with AND: <c>given</c> is the new row. Empty for none.</param>
    /// <param name="returning">The columns that are read.</param>
    /// <param name="records">The records.</param>
    /// <param name="revision">The revision before that of the first; each gets the next one, also those that are not replaced.</param>
    /// <param name="read">Receives the row of each record that was replaced.</param>
    internal async Task ReplaceManyAsync(
        DbConnection connection, string key, string condition, string returning, IReadOnlyList<T> records, long revision,
        Action<DbDataReader> read)
    {
        var columns = _columns.Where(column => column.Changes || column.Name == key || column.Name == Revision).ToList();
        var sql = $"UPDATE {dialect.Quote(name)} SET {dialect.Quote(Revision)} = given.{dialect.Quote(NewRevision)}, "
            + string.Join(", ", _changing.Select(column => $"{dialect.Quote(column.Name)} = given.{dialect.Quote(column.Name)}"))
            + $" FROM {Given([.. columns.Select(column => column.Name), NewRevision])} WHERE {IsGiven(key)} AND {IsGiven(Revision)}"
            + $"{condition} RETURNING {returning}";
        await using var command = MakeCommand(connection, sql, columns, records);
        Add(command, NewRevision, Enumerable.Range(1, records.Count).Select(i => revision + i).ToArray());
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            read(rows);
    }

    /// <summary>Inserts many records by one statement, where the engine has arrays.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="records">The records.</param>
    /// <param name="more">The names of text columns that are not of the record, and their values.</param>
    internal async Task InsertManyAsync(
        DbConnection connection, IReadOnlyList<T> records, params IReadOnlyList<(string Name, string?[] Values)> more)
    {
        string[] names = [.. _columns.Select(column => column.Name), .. more.Select(one => one.Name)];
        var sql = $"INSERT INTO {dialect.Quote(name)} ({dialect.Names(names)}) SELECT {dialect.Names(names)} FROM {Given(names)}";
        await using var command = MakeCommand(connection, sql, _columns, records);
        foreach (var (column, values) in more)
            Add(command, column, values);
        await command.ExecuteNonQueryAsync();
    }

    private static DbCommand MakeCommand(
        DbConnection connection, string sql, IReadOnlyList<Column<T>> columns, IReadOnlyList<T> records)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var column in columns)
        {
            Add(command, column.Name, column.Type switch
            {
                ColumnType.Integer => records.Select(record => (long?)column.Get(record)).ToArray(),
                ColumnType.Boolean => records.Select(record => (bool?)column.Get(record)).ToArray(),
                ColumnType.Text => records.Select(record => (string?)column.Get(record)).ToArray(),
                _ => throw new InvalidOperationException($"There is no array of {column.Type}."),
            });
        }

        return command;
    }

    /// <summary>Adds a parameter that is an array.</summary>
    internal static void Add(DbCommand command, string name, Array values)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = values;
        command.Parameters.Add(parameter);
    }

    /// <summary>The rows that arrays make, one for each name.</summary>
    private string Given(IReadOnlyList<string> names) =>
        $"unnest({string.Join(", ", names.Select(dialect.Parameter))}) AS given ({dialect.Names(names)})";

    private string IsGiven(string column) => $"{dialect.Quote(name)}.{dialect.Quote(column)} = given.{dialect.Quote(column)}";

    private string From(string? index) => index is null ? dialect.Quote(name) : dialect.By(name, index);

    private async Task<List<T>> ReadAsync(DbConnection connection, string sql, object? parameters)
    {
        await using var rows = await connection.ExecuteReaderAsync(sql, parameters);
        var records = new List<T>();
        while (await rows.ReadAsync())
            records.Add(Read(rows));
        return records;
    }

    private T Read(DbDataReader row)
    {
        var record = Activator.CreateInstance<T>(); // 'required' is a rule of the compiler's; the columns are all of it
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Set(record, row, i);
        return record;
    }

    private string IsParameter(string column) => $"{dialect.Quote(column)} = {dialect.Parameter(column)}";
}
