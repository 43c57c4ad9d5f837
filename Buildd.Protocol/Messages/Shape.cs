using System.Globalization;
using System.Text;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>
/// Takes values for what a message needs, or says that they are something else. Relaxed where other slaves and masters
/// may differ without a doubt about what they mean: an integer for a boolean, text for bytes.
/// </summary>
internal static class Shape
{
    /// <exception cref="MessageFormatException">It is no string.</exception>
    public static string Text(XmlRpcValue value, string what) =>
        value is XmlRpcString text ? text.Value : throw Wrong(value, what, "a string");

    /// <exception cref="MessageFormatException">It is neither nil nor a string.</exception>
    public static string? TextOrNil(XmlRpcValue value, string what) => value is XmlRpcNil ? null : Text(value, what);

    /// <summary>A string; also an integer, for ids that a master counts up.</summary>
    /// <exception cref="MessageFormatException">It is neither, and not nil.</exception>
    public static string? IdOrNil(XmlRpcValue value, string what) => value is XmlRpcInteger number
        ? number.Value.ToString(CultureInfo.InvariantCulture)
        : TextOrNil(value, what);

    /// <summary>A boolean; also an integer, where 0 is false.</summary>
    /// <exception cref="MessageFormatException">It is neither.</exception>
    public static bool Flag(XmlRpcValue value, string what) => value switch
    {
        XmlRpcBoolean boolean => boolean.Value,
        XmlRpcInteger integer => !integer.Value.IsZero,
        _ => throw Wrong(value, what, "a boolean"),
    };

    /// <exception cref="MessageFormatException">It is neither nil nor a boolean.</exception>
    public static bool? FlagOrNil(XmlRpcValue value, string what) => value is XmlRpcNil ? null : Flag(value, what);

    /// <summary>Binary data; also a string, which stands for its UTF-8 bytes.</summary>
    /// <exception cref="MessageFormatException">It is neither, and not nil.</exception>
    public static ReadOnlyMemory<byte>? BytesOrNil(XmlRpcValue value, string what) => value switch
    {
        // The cast matters: null alone would become empty bytes, by the conversion from an array.
        XmlRpcNil => (ReadOnlyMemory<byte>?)null,
        XmlRpcBase64 data => data.Value,
        XmlRpcString text => Encoding.UTF8.GetBytes(text.Value),
        _ => throw Wrong(value, what, "base64"),
    };

    /// <summary>An array of at least so many items; a later version may have more.</summary>
    /// <exception cref="MessageFormatException">It is no array, or too short.</exception>
    public static XmlRpcArray Items(XmlRpcValue value, int atLeast, string what)
    {
        var array = value as XmlRpcArray ?? throw Wrong(value, what, "an array");
        return array.Count >= atLeast
            ? array
            : throw new MessageFormatException($"{what} should have {atLeast} items and has {array.Count}.");
    }

    /// <exception cref="MessageFormatException">It is no struct.</exception>
    public static XmlRpcStruct Members(XmlRpcValue value, string what) =>
        value as XmlRpcStruct ?? throw Wrong(value, what, "a struct");

    /// <summary>A struct of strings, with its order.</summary>
    /// <exception cref="MessageFormatException">It is no struct, or a member is no string.</exception>
    public static IReadOnlyDictionary<string, string> Texts(XmlRpcValue value, string what)
    {
        var result = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, member) in Members(value, what))
            result[name] = Text(member, $"each member of {what}");
        return result;
    }

    /// <summary>The way back from <see cref="Texts"/>.</summary>
    public static XmlRpcStruct FromTexts(IReadOnlyDictionary<string, string> texts) =>
        new(texts.Select(text => KeyValuePair.Create<string, XmlRpcValue>(text.Key, text.Value)));

    /// <summary>Nil for null.</summary>
    public static XmlRpcValue OrNil(string? text) => text is null ? XmlRpcNil.Instance : text;

    /// <summary>
    /// For a value that should have been something else. Its content is not told: it may be a secret.
    /// </summary>
    public static MessageFormatException Wrong(XmlRpcValue value, string what, string expected)
    {
        var found = value switch
        {
            XmlRpcString => "a string",
            XmlRpcInteger => "an integer",
            XmlRpcBoolean => "a boolean",
            XmlRpcDouble => "a double",
            XmlRpcDateTime => "a date",
            XmlRpcBase64 => "base64",
            XmlRpcBigDecimal => "a decimal",
            XmlRpcNil => "nil",
            XmlRpcArray => "an array",
            XmlRpcStruct => "a struct",
            _ => throw new ArgumentOutOfRangeException(nameof(value), value, null),
        };
        return new MessageFormatException($"{what} should be {expected} and is {found}.");
    }

    /// <summary>For a status word that nobody knows.</summary>
    public static MessageFormatException UnknownWord(string word, string what) =>
        new($"{what} is '{word}', which is no such word.");
}
