namespace Buildd.Farm.Store.Postgresql;

/// <summary>PostgreSQL's SQL.</summary>
internal sealed class PostgresDialect : Dialect
{
    private PostgresDialect()
    {
    }

    internal static PostgresDialect Instance { get; } = new();

    internal override bool HasArrays => true;

    internal override string Name => "postgresql";

    /// <summary>What the protocol has room for: see "Bind" in the manual's chapter on its messages.</summary>
    internal override int MaxParameters => 65535;

    internal override string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal override string Parameter(string name) => "@" + name;

    internal override string List(string parameter) => $"(SELECT unnest({parameter}))";

    internal override object ListValue(IReadOnlyCollection<long> numbers) => numbers.ToArray();

    internal override string TypeName(ColumnType type) => type switch
    {
        ColumnType.Integer => "BIGINT",
        ColumnType.Boolean => "BOOLEAN",
        ColumnType.Text => "TEXT COLLATE \"C\"",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such type."),
    };
}
