using System.Data.Common;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.Audit;

/// <summary>A record that the store numbers.</summary>
/// <typeparam name="T">Itself.</typeparam>
internal interface INumbered<T>
    where T : INumbered<T>
{
    /// <summary>The number; 0 before the store has given one.</summary>
    long Id { get; }

    /// <summary>The record with a number.</summary>
    T WithId(long id);
}

/// <summary>A table of records that people change: each change is in the audit, by the same transaction. Any thread may use one.</summary>
/// <typeparam name="T">The records. They have a constructor without parameters.</typeparam>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="name">The table's name, which is the kind of thing in the audit.</param>
/// <param name="columns">The columns.</param>
/// <param name="label">What a record is called in the audit.</param>
internal sealed class AuditedTable<T>(
    FarmStore store, AuditRecords audit, string name, IReadOnlyList<Column<T>> columns, Func<T, string> label)
    where T : class, INumbered<T>
{
    private readonly Table<T> _table = new(name, store.Dialect, columns);

    /// <inheritdoc cref="Table{T}.QueryAsync(DbConnection, Sql)"/>
    internal Task<List<T>> QueryAsync(DbConnection connection, Sql rest) => _table.QueryAsync(connection, rest);

    /// <inheritdoc cref="Table{T}.FindAsync(DbConnection, Sql)"/>
    internal Task<T?> FindAsync(DbConnection connection, Sql rest) => _table.FindAsync(connection, rest);

    /// <summary>Reads the record of a number; null when there is none.</summary>
    internal Task<T?> FindAsync(DbConnection connection, long id) =>
        _table.FindAsync(connection, $"WHERE {Sql.Known(name)}.id = {id}");

    /// <summary>Adds a record.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="actor">Who makes the change.</param>
    /// <param name="record">The record, without a number.</param>
    /// <param name="called">What it is called in the audit; null for what the table says.</param>
    /// <returns>It with its number.</returns>
    internal async Task<T> AddAsync(DbConnection connection, Actor actor, T record, string? called = null)
    {
        var added = record.WithId(await _table.AddAsync(connection, record));
        await audit.WriteAsync(connection, actor, "added", name, called ?? label(added), Differences(null, added));
        return added;
    }

    /// <summary>Writes what changes of a record; nothing, and no entry of the audit, where nothing does.</summary>
    /// <param name="connection">The connection of the transaction, which has read the record as it was.</param>
    /// <param name="actor">Who makes the change.</param>
    /// <param name="old">The record as it was.</param>
    /// <param name="changed">The record as it shall be.</param>
    /// <param name="action">What is done, a word for the audit.</param>
    /// <param name="called">What it is called in the audit; null for what the table says of the record as it was.</param>
    internal async Task<T> ChangeAsync(
        DbConnection connection, Actor actor, T old, T changed, string action = "changed", string? called = null)
    {
        var differences = Differences(old, changed);
        if (differences.Count == 0)
            return old;
        await _table.UpdateAsync(connection, changed);
        await audit.WriteAsync(connection, actor, action, name, called ?? label(old), differences);
        return changed;
    }

    /// <summary>Removes a record, to which nothing refers.</summary>
    internal async Task RemoveAsync(DbConnection connection, Actor actor, T record, string? called = null)
    {
        await _table.RemoveAsync(connection, record.Id);
        await audit.WriteAsync(connection, actor, "removed", name, called ?? label(record), Differences(record, null));
    }

    private List<FieldChange> Differences(T? old, T? changed)
    {
        var differences = new List<FieldChange>();
        foreach (var column in columns.Where(column => column.Name != "id"))
        {
            var (before, after) = (ToJson(column, old), ToJson(column, changed));
            if (before != after && !(old is null && after is "null" or "\"\"" or "[]"))
                differences.Add(new FieldChange(column.JsonName, before, after));
        }

        return differences;
    }

    private static string? ToJson(Column<T> column, T? record) => record is null ? null : ColumnJson.Value(column, record);
}
