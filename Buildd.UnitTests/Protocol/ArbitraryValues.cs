using System.Numerics;
using Buildd.Protocol.XmlRpc;
using FsCheck;
using FsCheck.Fluent;

namespace Buildd.UnitTests.Protocol;

/// <summary>Generators for property-based tests.</summary>
internal static class ArbitraryValues
{
    private static readonly string[] Snippets =
    [
        "a", "Z", "0", " ", "\t", "\n", "<", ">", "&", "\"", "'", "]]>", "&amp;", "<value>", "<!--", "%", "\\", "\u0085",
        "\u00a0", "ż", "\u2028", "日本", "\ue000", "\ufffd", "🙂", "\U0010ffff",
    ];

    /// <summary>
    /// Text that XML can carry and hands on unchanged: no control characters, and no CR, which becomes LF.
    /// </summary>
    public static Gen<string> Text => Gen.Elements(Snippets).ListOf().Select(string.Concat);

    /// <summary>Any UTF-16 at all, halves of surrogate pairs and control characters included.</summary>
    public static Gen<string> AnyText => Gen.OneOf(
        Text,
        Gen.Choose(char.MinValue, char.MaxValue).Select(c => (char)c).ArrayOf().Select(chars => new string(chars)),
        Gen.Choose(0, 0x9f).Select(c => (char)c).ArrayOf().Select(chars => new string(chars)));

    public static Gen<byte[]> Bytes => Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();

    /// <summary>Any bit pattern; NaN only as the one that reading gives.</summary>
    public static Gen<double> Double => Gen.OneOf(
        Gen.Choose(int.MinValue, int.MaxValue).Two().Select(halves =>
            BitConverter.Int64BitsToDouble(((long)halves.Item1 << 32) | (uint)halves.Item2)),
        Gen.Choose(-400, 400).Two().Select(parts => parts.Item1 * Math.Pow(10, parts.Item2)),
        Gen.Choose(-1074, 1023).Select(exponent => Math.ScaleB(1, exponent)),
        Gen.Choose(-100_000, 100_000).Select(value => value / 100.0))
        .Select(value => double.IsNaN(value) ? double.NaN : value);

    /// <summary>Values of every type that can be written, nested.</summary>
    public static Gen<XmlRpcValue> Value => ValueOf(Text);

    /// <summary>The same with text that XML may not carry.</summary>
    public static Gen<XmlRpcValue> AnyValue => ValueOf(AnyText);

    public static Gen<XmlRpcStruct> Struct => StructOf(Text, Scalar(Text));

    private static Gen<XmlRpcValue> ValueOf(Gen<string> text) => Gen.Sized(size => ValueOf(text, Math.Min(size, 30)));

    private static Gen<XmlRpcValue> ValueOf(Gen<string> text, int size)
    {
        if (size < 2)
            return Scalar(text);
        var inner = ValueOf(text, size / 3);
        return Gen.OneOf(
            Scalar(text),
            Gen.Resize(inner.ListOf(), size / 3).Select(items => (XmlRpcValue)new XmlRpcArray(items)),
            Gen.Resize(StructOf(text, inner), size / 3).Select(members => (XmlRpcValue)members));
    }

    private static Gen<XmlRpcStruct> StructOf(Gen<string> text, Gen<XmlRpcValue> inner) => text
        .SelectMany(name => inner.Select(value => KeyValuePair.Create(name, value)))
        .ListOf()
        .Select(members => new XmlRpcStruct(members));

    private static Gen<XmlRpcValue> Scalar(Gen<string> text) => Gen.OneOf(
        text.Select(value => (XmlRpcValue)value),
        Gen.Choose(int.MinValue, int.MaxValue).Select(value => (XmlRpcValue)new XmlRpcInteger(new BigInteger(value))),
        Gen.Elements<XmlRpcValue>(true, false, XmlRpcNil.Instance),
        Double.Select(value => (XmlRpcValue)value),
        Bytes.Select(value => (XmlRpcValue)value),
        text.Select(value => (XmlRpcValue)new XmlRpcDateTime(value.Trim())));
}
