using Microsoft.Data.Sqlite;

namespace Buildd.Farm.Store;

/// <summary>
/// A statement that is run for many rows: understood once by the engine, with a parameter for each column. A statement of its own
/// for each row costs several times what running it does.
/// </summary>
internal sealed class RowCommand<T> : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly IReadOnlyList<(string Name, Func<T, object?> Value)> _columns;
    private readonly SqliteParameter _newRevision;

    /// <param name="connection">Where.</param>
    /// <param name="sql">With <c>@NAME</c> for each column, and <c>@new_revision</c>.</param>
    /// <param name="columns">What the row has for each.</param>
    internal RowCommand(SqliteConnection connection, string sql, IReadOnlyList<(string Name, Func<T, object?> Value)> columns)
    {
        _columns = columns;
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        foreach (var (name, _) in columns)
            _command.Parameters.Add(new SqliteParameter { ParameterName = "@" + name });
        _newRevision = _command.Parameters.Add("@new_revision", SqliteType.Integer);
    }

    /// <summary>Columns set to the parameters of their names, for an UPDATE.</summary>
    internal static string Assignments(IEnumerable<(string Name, Func<T, object?> Value)> columns) =>
        string.Join(", ", columns.Select(column => $"{column.Name} = @{column.Name}"));

    /// <summary>Runs it for a row.</summary>
    /// <returns>How many rows it changed.</returns>
    internal int Execute(T row, long newRevision)
    {
        Bind(row, newRevision);
        return _command.ExecuteNonQuery();
    }

    /// <summary>Runs it for a row, and reads the row that it returns.</summary>
    /// <returns>What was read; the default when there was none.</returns>
    internal TResult? Query<TResult>(T row, long newRevision, Func<SqliteDataReader, TResult> read)
    {
        Bind(row, newRevision);
        using var reader = _command.ExecuteReader();
        return reader.Read() ? read(reader) : default;
    }

    public void Dispose() => _command.Dispose();

    private void Bind(T row, long newRevision)
    {
        for (var i = 0; i < _columns.Count; i++)
            _command.Parameters[i].Value = _columns[i].Value(row) ?? DBNull.Value;
        _newRevision.Value = newRevision;
    }
}
