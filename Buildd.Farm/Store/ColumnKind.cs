using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Buildd.Master.Builds;
using Buildd.Protocol;
using Buildd.Protocol.Secrets;

namespace Buildd.Farm.Store;

/// <summary>The types that columns have. A dialect has a name for each.</summary>
internal enum ColumnType
{
    /// <summary>A signed number of 64 bits.</summary>
    Integer,

    /// <summary>Yes or no.</summary>
    Boolean,

    /// <summary>Unicode.</summary>
    Text,
}

/// <summary>How values of a type are stored in a column, read from it, and shown in JSON.</summary>
/// <typeparam name="TValue">The type.</typeparam>
/// <param name="Type">What is stored.</param>
/// <param name="IsNullable">Whether a value can be null, which is stored as NULL.</param>
/// <param name="Store">Returns the stored form: a <see cref="long"/>, <see cref="bool"/> or <see cref="string"/>, or null.</param>
/// <param name="Read">Reads a value from a column of a row.</param>
/// <param name="WriteJson">Writes a value.</param>
internal sealed record ColumnKind<TValue>(
    ColumnType Type,
    bool IsNullable,
    Func<TValue, object?> Store,
    Func<DbDataReader, int, TValue> Read,
    Action<Utf8JsonWriter, TValue> WriteJson);

/// <summary>The kinds of values that records have.</summary>
internal static class ColumnKind
{
    internal static ColumnKind<string> Text { get; } = new(
        ColumnType.Text, false, value => value, (row, i) => row.GetString(i), (json, value) => json.WriteStringValue(value));

    internal static ColumnKind<string?> OptionalText { get; } = new(
        ColumnType.Text,
        true,
        value => value,
        (row, i) => row.IsDBNull(i) ? null : row.GetString(i),
        (json, value) => json.WriteStringValue(value));

    /// <summary>Stored and shown as text.</summary>
    internal static ColumnKind<Sha1> Sum { get; } = new(
        ColumnType.Text,
        false,
        value => value.ToString(),
        (row, i) => Sha1.Parse(row.GetString(i)),
        (json, value) => json.WriteStringValue(value.ToString()));

    internal static ColumnKind<long> Long { get; } = new(
        ColumnType.Integer, false, value => value, (row, i) => row.GetInt64(i), (json, value) => json.WriteNumberValue(value));

    internal static ColumnKind<int> Integer { get; } = new(
        ColumnType.Integer, false, value => (long)value, (row, i) => (int)row.GetInt64(i), (json, value) => json.WriteNumberValue(value));

    internal static ColumnKind<bool> Flag { get; } = new(
        ColumnType.Boolean, false, value => value, (row, i) => row.GetBoolean(i), (json, value) => json.WriteBooleanValue(value));

    /// <summary>Stored as ticks of 100 ns since the year 1 in UTC, so that nothing is rounded; shown as ISO 8601.</summary>
    internal static ColumnKind<DateTimeOffset> Time { get; } = new(
        ColumnType.Integer,
        false,
        value => value.UtcTicks,
        (row, i) => new(row.GetInt64(i), TimeSpan.Zero),
        (json, value) => json.WriteStringValue(value));

    /// <inheritdoc cref="Time"/>
    internal static ColumnKind<DateTimeOffset?> OptionalTime { get; } = OrNull(Time);

    /// <summary>Stored as ticks of 100 ns, shown in seconds.</summary>
    internal static ColumnKind<TimeSpan> Duration { get; } = new(
        ColumnType.Integer,
        false,
        value => value.Ticks,
        (row, i) => TimeSpan.FromTicks(row.GetInt64(i)),
        (json, value) => json.WriteNumberValue(value.TotalSeconds));

    /// <summary>Stored as it was given, and shown without its credentials.</summary>
    internal static ColumnKind<Uri> Address { get; } = new(
        ColumnType.Text,
        false,
        value => value.OriginalString,
        (row, i) => new Uri(row.GetString(i)),
        (json, value) => json.WriteStringValue(UrlCredentials.Without(value.OriginalString)));

    /// <summary>Stored as a JSON array.</summary>
    internal static ColumnKind<IReadOnlyList<string>> Words { get; } = new(
        ColumnType.Text,
        false,
        StoreJson.Write,
        (row, i) => StoreJson.ReadWords(row.GetString(i)),
        (json, words) =>
        {
            json.WriteStartArray();
            foreach (var word in words)
                json.WriteStringValue(word);
            json.WriteEndArray();
        });

    /// <inheritdoc cref="Words"/>
    internal static ColumnKind<IReadOnlyList<BuildFile>> Files { get; } = new(
        ColumnType.Text,
        false,
        StoreJson.Write,
        (row, i) => StoreJson.ReadFiles(row.GetString(i)),
        (json, files) =>
        {
            json.WriteStartArray();
            foreach (var file in files)
            {
                json.WriteStartObject();
                json.WriteString("name", file.Name);
                json.WriteNumber("size", file.Size);
                json.WriteString("sha1", file.Sha1.ToString());
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    /// <summary>A JSON document, stored as its text and shown as itself.</summary>
    internal static ColumnKind<string> Json { get; } = new(
        ColumnType.Text, false, value => value, (row, i) => row.GetString(i), (json, value) => json.WriteRawValue(value));

    /// <summary>Stored by its number, shown by its name.</summary>
    /// <param name="toName">Returns the name.</param>
    internal static ColumnKind<TEnum> Named<TEnum>(Func<TEnum, string> toName)
        where TEnum : unmanaged, Enum => new(
            ColumnType.Integer,
            false,
            value => (long)Unsafe.BitCast<TEnum, int>(value),
            (row, i) => Unsafe.BitCast<int, TEnum>((int)row.GetInt64(i)),
            (json, value) => json.WriteStringValue(toName(value)));

    /// <summary>Makes a kind whose values can be missing.</summary>
    internal static ColumnKind<TValue?> OrNull<TValue>(ColumnKind<TValue> kind)
        where TValue : struct => new(
            kind.Type,
            true,
            value => value is { } known ? kind.Store(known) : null,
            (row, i) => row.IsDBNull(i) ? null : kind.Read(row, i),
            (json, value) =>
            {
                if (value is { } known)
                    kind.WriteJson(json, known);
                else
                    json.WriteNullValue();
            });
}
