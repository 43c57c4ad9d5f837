using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs;

/// <summary>
/// How arguments that have no property stand in a stored specification: texts, whole numbers of 32 bits, truth values, and lists and
/// objects of those, as JSON has them.
/// </summary>
public sealed class OthersConverter : JsonConverter<XmlRpcStruct>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">It is no object, or has what can't go over the wire.</exception>
    public override XmlRpcStruct Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? ReadStruct(document.RootElement)
            : throw new JsonException($"{Secrets.Quote(document.RootElement.GetRawText())} is no object of arguments.");
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">It has a value that JSON has no form for, such as a date.</exception>
    public override void Write(Utf8JsonWriter writer, XmlRpcStruct value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Write(writer, value);
    }

    /// <summary>An argument's value of JSON.</summary>
    /// <exception cref="JsonException">It is none that can go over the wire.</exception>
    public static XmlRpcValue ReadValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when json.TryGetInt32(out var number) => number,
        JsonValueKind.Array => new XmlRpcArray(json.EnumerateArray().Select(ReadValue)),
        JsonValueKind.Object => ReadStruct(json),
        _ => throw new JsonException(
            $"{Secrets.Quote(json.GetRawText())} can't be an argument: texts, whole numbers of 32 bits, true, false, lists and objects "
                + "can."),
    };

    private static XmlRpcStruct ReadStruct(JsonElement json) => new(
        json.EnumerateObject().Select(member => new KeyValuePair<string, XmlRpcValue>(member.Name, ReadValue(member.Value))));

    private static void Write(Utf8JsonWriter writer, XmlRpcValue value)
    {
        switch (value)
        {
            case XmlRpcString text:
                writer.WriteStringValue(text.Value);
                break;
            case XmlRpcBoolean flag:
                writer.WriteBooleanValue(flag.Value);
                break;
            case XmlRpcInteger number when number.Value >= int.MinValue && number.Value <= int.MaxValue:
                writer.WriteNumberValue((int)number.Value);
                break;
            case XmlRpcArray array:
                writer.WriteStartArray();
                foreach (var item in array)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case XmlRpcStruct members:
                writer.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    writer.WritePropertyName(name);
                    Write(writer, member);
                }

                writer.WriteEndObject();
                break;
            default:
                throw new JsonException($"A {value.GetType().Name} has no place in a stored specification.");
        }
    }
}
