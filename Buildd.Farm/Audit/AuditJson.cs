using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Farm.Store;

namespace Buildd.Farm.Audit;

/// <summary>Changed fields as the text of a column.</summary>
[JsonSerializable(typeof(IReadOnlyList<FieldChange>))]
internal sealed partial class AuditJson : JsonSerializerContext
{
    /// <summary>Stored as a JSON array, and shown as one whose values are JSON of their own.</summary>
    internal static ColumnKind<IReadOnlyList<FieldChange>> Changes { get; } = new(
        ColumnType.Text,
        false,
        Write,
        (row, i) => Read(row.GetString(i)),
        (json, changes) =>
        {
            json.WriteStartArray();
            foreach (var change in changes)
            {
                json.WriteStartObject();
                json.WriteString("field", change.Field);
                Write(json, "old", change.Old);
                Write(json, "new", change.New);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private static string Write(IReadOnlyList<FieldChange> changes) =>
        JsonSerializer.Serialize(changes, Default.IReadOnlyListFieldChange);

    private static IReadOnlyList<FieldChange> Read(string text) =>
        JsonSerializer.Deserialize(text, Default.IReadOnlyListFieldChange)!;

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        if (value is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(value);
    }
}
