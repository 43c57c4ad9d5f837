using System.Runtime.CompilerServices;
using System.Text;
using Dapper;

namespace Buildd.Farm.Store;

/// <summary>
/// A piece of SQL, written as an interpolated string: its text is SQL, a hole of this type is another piece, a hole of <see cref="IdSet"/>
/// is a list for <c>IN</c>, and every other hole is a parameter, a text included. So nothing from outside is ever read as SQL.
/// One thread makes it; then any may use it.
/// </summary>
[InterpolatedStringHandler]
internal sealed class Sql
{
    private readonly List<object> _parts = [];

    public Sql(int literalLength, int formattedCount)
    {
    }

    private Sql(string trusted) => _parts.Add(trusted);

    /// <summary>Holds for every row.</summary>
    internal static Sql True { get; } = new("1 = 1");

    /// <summary>Holds for no row.</summary>
    internal static Sql False { get; } = new("1 = 0");

    public void AppendLiteral(string text) => _parts.Add(text);

    public void AppendFormatted(Sql piece) => _parts.AddRange(piece._parts);

    public void AppendFormatted(IdSet ids) => _parts.Add(ids);

    public void AppendFormatted<T>(T value) => _parts.Add(new Value(value switch
    {
        DateTimeOffset time => time.UtcTicks,
        TimeSpan duration => duration.Ticks,
        Enum named => Convert.ToInt64(named, null),
        _ => value,
    }));

    /// <summary>Returns a piece for names that this program knows: of tables and columns, never from outside.</summary>
    internal static Sql Known(string text) => new(text);

    /// <summary>Returns pieces one of which has to hold; for none, what holds for no row.</summary>
    internal static Sql Any(IEnumerable<Sql> conditions) => Join(conditions, " OR ", False);

    /// <summary>Returns pieces all of which have to hold; for none, what holds for every row.</summary>
    internal static Sql All(IEnumerable<Sql> conditions) => Join(conditions, " AND ", True);

    /// <summary>Returns the statement for an engine.</summary>
    internal (string Text, DynamicParameters Parameters) For(Dialect dialect)
    {
        var text = new StringBuilder();
        var parameters = new DynamicParameters();
        var count = 0;
        foreach (var part in _parts)
        {
            if (part is string literal)
            {
                text.Append(literal);
                continue;
            }

            var name = $"p{count++}";
            if (part is IdSet ids)
            {
                text.Append(dialect.List(dialect.Parameter(name)));
                parameters.Add(name, dialect.ListValue(ids.Values));
            }
            else
            {
                text.Append(dialect.Parameter(name));
                parameters.Add(name, ((Value)part).Content);
            }
        }

        return (text.ToString(), parameters);
    }

    private static Sql Join(IEnumerable<Sql> conditions, string word, Sql none)
    {
        var all = conditions.ToList();
        if (all.Count == 0)
            return none;
        var joined = new Sql("(");
        for (var i = 0; i < all.Count; i++)
        {
            if (i > 0)
                joined.AppendLiteral(word);
            joined.AppendFormatted(all[i]);
        }

        joined.AppendLiteral(")");
        return joined;
    }

    private sealed record Value(object? Content);
}

/// <summary>Numbers of records, for <c>IN</c>.</summary>
/// <param name="values">The numbers; there may be none.</param>
internal sealed class IdSet(IEnumerable<long> values)
{
    private readonly HashSet<long> _values = [.. values];

    /// <summary>No record.</summary>
    internal static IdSet Empty { get; } = new([]);

    internal IReadOnlyCollection<long> Values => _values;

    internal bool Contains(long? id) => id is { } known && _values.Contains(known);
}
