using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Buildd.Farm.LiveFilesystems;

/// <summary>The arguments that a live filesystem or a request has for the slave: a JSON object.</summary>
internal static class Metadata
{
    /// <summary>The largest, in characters of JSON.</summary>
    internal const int MaxLength = 64 << 10;

    /// <summary>How deep values may be nested.</summary>
    internal const int MaxDepth = 16;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>
    /// Reads one and writes it as it is kept: members by name, without blanks. Two that mean the same become the same text.
    /// </summary>
    /// <exception cref="FarmException">It is no JSON object, has a member twice, or is too large.</exception>
    internal static string Normalize(string text)
    {
        if (text.Length > MaxLength)
            throw FarmException.Invalid($"the metadata has {text.Length} characters, and can have {MaxLength}");
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw FarmException.Invalid("the metadata is no JSON object, such as {\"project\": \"desktop\"}");
            var bytes = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(bytes))
                Write(json, document.RootElement);
            return Encoding.UTF8.GetString(bytes.WrittenSpan);
        }
        catch (JsonException e)
        {
            throw FarmException.Invalid($"the metadata is no JSON object: {e.Message}");
        }
    }

    private static void Write(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                var names = new HashSet<string>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    if (!names.Add(member.Name))
                        throw FarmException.Invalid($"the metadata has the member {member.Name} twice");
                    json.WritePropertyName(member.Name);
                    Write(json, member.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(json, item);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                // PostgreSQL's text has no zero character, and no slave's argument needs one.
                json.WriteStringValue(value.GetString() is { } text && !text.Contains('\0', StringComparison.Ordinal)
                    ? text
                    : throw FarmException.Invalid("the metadata has a zero character in a text"));
                break;
            case JsonValueKind.Number:
                WriteNumber(json, value);
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    /// <summary>1, 1.0 and 1e0 are one number.</summary>
    private static void WriteNumber(Utf8JsonWriter json, JsonElement value)
    {
        if (value.TryGetDecimal(out var number))
        {
            var text = number.ToString("0.############################", CultureInfo.InvariantCulture);
            json.WriteRawValue(text);
        }
        else
        {
            value.WriteTo(json);
        }
    }
}
