namespace Buildd.Farm.Store.Sqlite;

/// <summary>SQLite's SQL, see sqlite.org/lang.html.</summary>
internal sealed class SqliteDialect : Dialect
{
    private SqliteDialect()
    {
    }

    internal static SqliteDialect Instance { get; } = new();

    internal override bool IsInProcess => true;

    internal override string Name => "sqlite";

    /// <summary>SQLITE_MAX_VARIABLE_NUMBER, see sqlite.org/limits.html.</summary>
    internal override int MaxParameters => 32766;

    internal override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal override string Parameter(string name) => "@" + name;

    /// <summary>
    /// It has no statistics unless somebody runs ANALYZE, and without them takes any of several indexes, also one in which nearly all rows
    /// are: see sqlite.org/lang_indexedby.html.
    /// </summary>
    internal override string By(string table, string index) => $"{Quote(table)} INDEXED BY {Quote(index)}";

    internal override string List(string parameter) => $"(SELECT value FROM json_each({parameter}))";

    internal override object ListValue(IReadOnlyCollection<long> numbers) => StoreJson.Write(numbers);

    internal override string TypeName(ColumnType type) => type switch
    {
        ColumnType.Integer or ColumnType.Boolean => "INTEGER", // it has no other for these
        ColumnType.Text => "TEXT",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such type."),
    };
}
