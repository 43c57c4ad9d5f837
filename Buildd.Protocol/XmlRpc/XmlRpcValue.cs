using System.Numerics;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// One XML-RPC value. The cases are the types of the format: <see cref="XmlRpcString"/>, <see cref="XmlRpcInteger"/>,
/// <see cref="XmlRpcBoolean"/>, <see cref="XmlRpcDouble"/>, <see cref="XmlRpcDateTime"/>, <see cref="XmlRpcBase64"/>,
/// <see cref="XmlRpcNil"/>, <see cref="XmlRpcArray"/>, <see cref="XmlRpcStruct"/>, and <see cref="XmlRpcBigDecimal"/>,
/// which can only be read. All are immutable and may be used from any thread.
/// </summary>
/// <remarks>
/// There is no equality but that of references: 1 and 1.0, or two orders of members, are the same to one caller and
/// different to the next. Compare what the writer makes of them. <see cref="object.ToString"/> gives the type only,
/// since arguments carry secrets.
/// </remarks>
public abstract class XmlRpcValue
{
    private protected XmlRpcValue()
    {
    }

    /// <summary>A string.</summary>
    /// <param name="value">Any text but null; nil is <see cref="XmlRpcNil.Instance"/>.</param>
    public static implicit operator XmlRpcValue(string value) => new XmlRpcString(value);

    /// <summary>An integer.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator XmlRpcValue(int value) => new XmlRpcInteger(value);

    /// <summary>An integer; the writer refuses it outside 32 bits.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator XmlRpcValue(long value) => new XmlRpcInteger(value);

    /// <summary>A boolean.</summary>
    /// <param name="value">The truth value.</param>
    public static implicit operator XmlRpcValue(bool value) => new XmlRpcBoolean(value);

    /// <summary>A double.</summary>
    /// <param name="value">Any number, the infinities and NaN included.</param>
    public static implicit operator XmlRpcValue(double value) => new XmlRpcDouble(value);

    /// <summary>Binary data. The array is not copied, so it must not be changed afterwards.</summary>
    /// <param name="value">The bytes.</param>
    public static implicit operator XmlRpcValue(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new XmlRpcBase64(value);
    }
}

/// <summary>A string: <c>string</c>, or a <c>value</c> without a type element.</summary>
/// <param name="value">The text.</param>
public sealed class XmlRpcString(string value) : XmlRpcValue
{
    /// <summary>The text, blanks and line ends kept. Any character may occur.</summary>
    public string Value { get; } = value ?? throw new ArgumentNullException(nameof(value));
}

/// <summary>An integer: <c>int</c>, <c>i1</c>, <c>i2</c>, <c>i4</c>, <c>i8</c> or <c>biginteger</c>.</summary>
/// <param name="value">The number.</param>
public sealed class XmlRpcInteger(BigInteger value) : XmlRpcValue
{
    /// <summary>
    /// The number. Reading takes any size up to <see cref="XmlRpcLimits.MaxIntegerDigits"/> whatever the element was
    /// called; writing refuses what is outside signed 32 bits. Both as the reference does.
    /// </summary>
    public BigInteger Value { get; } = value;
}

/// <summary>A boolean: <c>boolean</c> with 0 or 1.</summary>
/// <param name="value">The truth value.</param>
public sealed class XmlRpcBoolean(bool value) : XmlRpcValue
{
    /// <summary>The truth value.</summary>
    public bool Value { get; } = value;
}

/// <summary>A double: <c>double</c> or <c>float</c>.</summary>
/// <param name="value">The number.</param>
public sealed class XmlRpcDouble(double value) : XmlRpcValue
{
    /// <summary>The number; the infinities and NaN can be read and written.</summary>
    public double Value { get; } = value;
}

/// <summary>A date and time: <c>dateTime.iso8601</c>.</summary>
/// <param name="text">The text as it stands in the document.</param>
public sealed class XmlRpcDateTime(string text) : XmlRpcValue
{
    /// <summary>The text, trimmed and otherwise unread: the reference takes and returns anything.</summary>
    public string Text { get; } = text ?? throw new ArgumentNullException(nameof(text));
}

/// <summary>Binary data: <c>base64</c>.</summary>
/// <param name="value">The bytes; not copied, so they must not be changed afterwards.</param>
public sealed class XmlRpcBase64(ReadOnlyMemory<byte> value) : XmlRpcValue
{
    /// <summary>The decoded bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;
}

/// <summary>
/// A decimal number of any precision: <c>bigdecimal</c>. The reference reads these and cannot write them.
/// </summary>
/// <param name="text">The number's text.</param>
public sealed class XmlRpcBigDecimal(string text) : XmlRpcValue
{
    /// <summary>The number's text, trimmed. The writer refuses it with the reference's words.</summary>
    public string Text { get; } = text ?? throw new ArgumentNullException(nameof(text));
}

/// <summary>No value: <c>nil</c>.</summary>
public sealed class XmlRpcNil : XmlRpcValue
{
    private XmlRpcNil()
    {
    }

    /// <summary>The only one.</summary>
    public static XmlRpcNil Instance { get; } = new();
}
