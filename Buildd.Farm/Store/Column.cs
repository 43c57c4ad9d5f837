using System.Data.Common;
using System.Text.Json;

namespace Buildd.Farm.Store;

/// <summary>
/// A column of a table: its name, what is stored in it, which property of a record it holds, and the member of JSON that shows it. Each is
/// written once; SELECT, INSERT, UPDATE and JSON come from it. Any thread may use one.
/// </summary>
/// <typeparam name="T">The records that rows of the table are.</typeparam>
internal abstract class Column<T>
{
    private protected Column(string property, ColumnType type, bool isNullable, bool changes, string? jsonName)
    {
        Property = property;
        Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property);
        Type = type;
        IsNullable = isNullable;
        Changes = changes;
        JsonName = jsonName ?? Name;
    }

    /// <summary>The record's property.</summary>
    internal string Property { get; }

    /// <summary>The column's name: that of the property in lower case, with underscores.</summary>
    internal string Name { get; }

    /// <summary>What is stored.</summary>
    internal ColumnType Type { get; }

    /// <summary>Whether there can be no value.</summary>
    internal bool IsNullable { get; }

    /// <summary>Whether replacing a record writes it; otherwise it stays as it was inserted, or has statements of its own.</summary>
    internal bool Changes { get; }

    /// <summary>The member of JSON: the column's name, unless what it shows is in another unit.</summary>
    internal string JsonName { get; }

    /// <summary>Returns the stored form of a record's value: a <see cref="long"/>, a <see cref="bool"/>, a text or null.</summary>
    internal abstract object? Get(T record);

    /// <summary>Sets the property of a record that is being read. Nobody else has the record yet.</summary>
    internal abstract void Set(T record, DbDataReader row, int ordinal);

    /// <summary>Writes the member of JSON.</summary>
    internal abstract void WriteJson(Utf8JsonWriter json, T record);
}

/// <summary>A column whose property has a certain type.</summary>
/// <remarks>Accessors are taken from the property by reflection, once: an <c>init</c> accessor can't be called otherwise, and copying a
/// record with <c>with</c> for each of its columns would cost more than the engine does.</remarks>
/// <typeparam name="T">The records.</typeparam>
/// <typeparam name="TValue">The property's type.</typeparam>
/// <param name="property">The property's name. It has a getter, and a setter or <c>init</c>.</param>
/// <param name="kind">How its values are stored and shown.</param>
/// <param name="changes">Whether replacing a record writes it.</param>
/// <param name="jsonName">The member of JSON; null for the column's name.</param>
internal sealed class Column<T, TValue>(string property, ColumnKind<TValue> kind, bool changes, string? jsonName = null)
    : Column<T>(property, kind.Type, kind.IsNullable, changes, jsonName)
    where T : class
{
    private readonly Func<T, TValue> _get = typeof(T).GetProperty(property)!.GetMethod!.CreateDelegate<Func<T, TValue>>();
    private readonly Action<T, TValue> _set = typeof(T).GetProperty(property)!.SetMethod!.CreateDelegate<Action<T, TValue>>();

    internal override object? Get(T record) => kind.Store(_get(record));

    internal override void Set(T record, DbDataReader row, int ordinal) => _set(record, kind.Read(row, ordinal));

    internal override void WriteJson(Utf8JsonWriter json, T record)
    {
        json.WritePropertyName(JsonName);
        kind.WriteJson(json, _get(record));
    }
}
