using System.Data;
using System.Data.Common;

namespace Buildd.Farm.Store;

/// <summary>
/// A statement that is run for many records: the engine parses it once, and it has a parameter for each column. A statement of its own
/// for each record costs several times what running it does. Used by one thread at a time.
/// </summary>
internal sealed class RowStatement<T> : IDisposable
{
    private readonly DbCommand _command;
    private readonly IReadOnlyList<Column<T>> _columns;
    private readonly int _more;
    private readonly bool _isInProcess;

    /// <param name="connection">The connection.</param>
    /// <param name="dialect">The engine's SQL.</param>
    /// <param name="sql">The statement, with a parameter of its name for each column.</param>
    /// <param name="columns">The columns whose values are parameters.</param>
    /// <param name="more">The names of further parameters, whose values are given with each record.</param>
    internal RowStatement(
        DbConnection connection, Dialect dialect, string sql, IReadOnlyList<Column<T>> columns, IReadOnlyList<string> more)
    {
        var count = columns.Count + more.Count;
        if (count > dialect.MaxParameters)
            throw new ArgumentException($"The statement has {count} parameters, and can have {dialect.MaxParameters}: {sql}");
        _columns = columns;
        _more = more.Count;
        _isInProcess = dialect.IsInProcess;
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        foreach (var column in columns)
            Add(dialect.Parameter(column.Name), column.Type);
        foreach (var name in more)
            Add(dialect.Parameter(name), null);
    }

    /// <summary>Runs it for a record.</summary>
    /// <returns>The number of rows that it changed.</returns>
    internal ValueTask<int> ExecuteAsync(T record, params ReadOnlySpan<object?> more)
    {
        Bind(record, more);
        return _isInProcess ? new(_command.ExecuteNonQuery()) : new(_command.ExecuteNonQueryAsync());
    }

    /// <summary>Runs it for a record, and reads the row that it returns.</summary>
    /// <returns>What was read; the default when there was no row.</returns>
    internal ValueTask<TResult?> QueryAsync<TResult>(T record, Func<DbDataReader, TResult> read, params ReadOnlySpan<object?> more)
    {
        Bind(record, more);
        return _isInProcess ? new(Query(read)) : new(QueryAsync(read));
    }

    public void Dispose() => _command.Dispose();

    private TResult? Query<TResult>(Func<DbDataReader, TResult> read)
    {
        using var reader = _command.ExecuteReader();
        return reader.Read() ? read(reader) : default;
    }

    private async Task<TResult?> QueryAsync<TResult>(Func<DbDataReader, TResult> read)
    {
        await using var reader = await _command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : default;
    }

    private void Add(string name, ColumnType? type)
    {
        var parameter = _command.CreateParameter();
        parameter.ParameterName = name;
        if (type is { } known)
        {
            parameter.DbType = known switch
            {
                ColumnType.Integer => DbType.Int64,
                ColumnType.Boolean => DbType.Boolean,
                ColumnType.Text => DbType.String,
                _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such type."),
            };
        }

        _command.Parameters.Add(parameter);
    }

    private void Bind(T record, ReadOnlySpan<object?> more)
    {
        if (more.Length != _more)
            throw new ArgumentException($"The statement has {_more} parameters beside the columns, not {more.Length}.", nameof(more));
        for (var i = 0; i < _columns.Count; i++)
            _command.Parameters[i].Value = _columns[i].Get(record) ?? DBNull.Value;
        for (var i = 0; i < more.Length; i++)
            _command.Parameters[_columns.Count + i].Value = more[i] ?? DBNull.Value;
    }
}
