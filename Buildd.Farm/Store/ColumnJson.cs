using System.Text.Json;

namespace Buildd.Farm.Store;

/// <summary>The value of one column of a record as JSON.</summary>
internal static class ColumnJson
{
    /// <summary>Returns the value that the column shows of a record, as JSON without the member's name.</summary>
    internal static string Value<T>(Column<T> column, T record)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            column.WriteJson(json, record);
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(bytes.ToArray());
        return document.RootElement.EnumerateObject().Single().Value.GetRawText();
    }
}
