using System.Buffers;
using System.Globalization;
using System.Text;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

/// <summary>The codec for tests: text and arrays in place of buffers.</summary>
internal static class Codec
{
    /// <summary>A value of every type, some inside others.</summary>
    public static XmlRpcStruct Sample { get; } = new()
    {
        ["text"] = "zażółć & <co> 🙂",
        ["number"] = -42,
        ["flag"] = true,
        ["ratio"] = 0.1,
        ["bytes"] = new byte[] { 0, 1, 2, 255 },
        ["when"] = new XmlRpcDateTime("20240102T03:04:05"),
        ["nothing"] = XmlRpcNil.Instance,
        ["list"] = new XmlRpcArray(["a", new XmlRpcArray([]), new XmlRpcStruct { ["deep"] = 1 }]),
    };

    public static XmlRpcCall ReadCall(byte[] bytes) => XmlRpcReader.ReadCall(new ReadOnlySequence<byte>(bytes));

    public static XmlRpcCall ReadCall(string text) => ReadCall(Encoding.UTF8.GetBytes(text));

    public static XmlRpcValue ReadResponse(byte[] bytes) =>
        XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(bytes));

    public static XmlRpcValue ReadResponse(string text) => ReadResponse(Encoding.UTF8.GetBytes(text));

    /// <summary>Reads a call of one argument, given what stands in its <c>value</c>.</summary>
    public static XmlRpcValue ReadArgument(string inner) => ReadCall(CallWith(inner)).Parameters.Single();

    /// <summary>A call of one argument, given what stands in its <c>value</c>.</summary>
    public static string CallWith(string inner) =>
        $"<methodCall><methodName>echo</methodName><params><param><value>{inner}</value></param></params></methodCall>";

    public static byte[] WriteResponse(XmlRpcValue value) => Write(output => XmlRpcWriter.WriteResponse(output, value));

    public static byte[] WriteFault(XmlRpcFault fault) => Write(output => XmlRpcWriter.WriteFault(output, fault));

    public static byte[] WriteCall(XmlRpcCall call) => Write(output => XmlRpcWriter.WriteCall(output, call));

    public static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>The message with which something is refused.</summary>
    public static string Refusal(Action read) => Assert.Throws<XmlRpcReadException>(read)?.Message ?? "";

    /// <summary>Everything a value says, so that two can be compared: they have no equality of their own.</summary>
    public static string Describe(XmlRpcValue value) => value switch
    {
        XmlRpcString text => $"'{text.Value}'",
        XmlRpcInteger number => number.Value.ToString(CultureInfo.InvariantCulture),
        XmlRpcBoolean flag => flag.Value ? "true" : "false",
        XmlRpcDouble number => $"double {BitConverter.DoubleToInt64Bits(number.Value):x16}",
        XmlRpcDateTime time => $"time '{time.Text}'",
        XmlRpcBase64 data => $"bytes {Convert.ToHexString(data.Value.Span)}",
        XmlRpcBigDecimal number => $"decimal {number.Text}",
        XmlRpcNil => "nil",
        XmlRpcArray array => $"[{string.Join(", ", array.Select(Describe))}]",
        XmlRpcStruct members => $"{{{string.Join(", ", members.Select(m => $"'{m.Key}': {Describe(m.Value)}"))}}}",
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, null),
    };

    private static byte[] Write(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
