using System.Text.Json;
using System.Xml;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Backends.PlugIn;

/// <summary>Turns the JSON object of a plug-in's file <c>status</c> into members of the status call.</summary>
internal static class StatusMembers
{
    /// <summary>Reads the object.</summary>
    /// <exception cref="JsonException">It is no JSON, no object, or has a number that no double can hold.</exception>
    internal static XmlRpcStruct Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException($"it is a JSON {document.RootElement.ValueKind} and no object");
        try
        {
            return ToStruct(document.RootElement);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a text in it has half a character", e); // an escaped surrogate without the other
        }
    }

    private static XmlRpcStruct ToStruct(JsonElement element) =>
        new(element.EnumerateObject().Select(member => KeyValuePair.Create(Writable(member.Name), ToValue(member.Value))));

    private static XmlRpcValue ToValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ToStruct(element),
        JsonValueKind.Array => new XmlRpcArray(element.EnumerateArray().Select(ToValue)),
        JsonValueKind.String => Writable(element.GetString()!),
        JsonValueKind.Number => ToNumber(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => XmlRpcNil.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element.ValueKind, null),
    };

    /// <summary>XML-RPC has integers of 32 bits; what is larger or has a fraction becomes a double.</summary>
    private static XmlRpcValue ToNumber(JsonElement element)
    {
        if (element.TryGetInt32(out var integer))
            return integer;
        return element.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw new JsonException("a number in it is too large");
    }

    /// <summary>Characters that XML has no way to write would make the whole answer unreadable; they become U+FFFD.</summary>
    private static string Writable(string text) =>
        text.All(
            XmlConvert.IsXmlChar) ? text : string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'));
}
