using System.Buffers;
using System.Numerics;
using System.Text;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.XmlRpc;

/// <summary>Values and the exact bytes that stand for them. Each row is run both ways.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CodecTableTests
{
    private static readonly (XmlRpcValue Value, string Bytes)[] Rows =
    [
        ("", "<value><string></string></value>\n"),
        ("text", "<value><string>text</string></value>\n"),
        ("  blanks  ", "<value><string>  blanks  </string></value>\n"),
        ("two\nlines\tand a tab", "<value><string>two\nlines\tand a tab</string></value>\n"),
        ("<a href=\"x\"> & 'q' ]]>", "<value><string>&lt;a href=\"x\"&gt; &amp; 'q' ]]&gt;</string></value>\n"),
        ("&amp;", "<value><string>&amp;amp;</string></value>\n"),
        ("zażółć — 日本語 🙂", "<value><string>zażółć — 日本語 🙂</string></value>\n"),
        (0, "<value><int>0</int></value>\n"),
        (-1, "<value><int>-1</int></value>\n"),
        (int.MaxValue, "<value><int>2147483647</int></value>\n"),
        (int.MinValue, "<value><int>-2147483648</int></value>\n"),
        (7L, "<value><int>7</int></value>\n"),
        (true, "<value><boolean>1</boolean></value>\n"),
        (false, "<value><boolean>0</boolean></value>\n"),
        (XmlRpcNil.Instance, "<value><nil/></value>"),
        (new XmlRpcDateTime("20240102T03:04:05"), "<value><dateTime.iso8601>20240102T03:04:05</dateTime.iso8601></value>\n"),
        (new XmlRpcDateTime("a < b"), "<value><dateTime.iso8601>a &lt; b</dateTime.iso8601></value>\n"),
        (Array.Empty<byte>(), "<value><base64>\n</base64></value>\n"),
        (new byte[] { 0 }, "<value><base64>\nAA==\n</base64></value>\n"),
        (new byte[] { 0, 1, 2, 253, 254, 255 }, "<value><base64>\nAAEC/f7/\n</base64></value>\n"),
        (Filled(57), $"<value><base64>\n{Line(76)}\n</base64></value>\n"),
        (Filled(58), $"<value><base64>\n{Line(76)}\neA==\n</base64></value>\n"),
        (Filled(114), $"<value><base64>\n{Line(76)}\n{Line(76)}\n</base64></value>\n"),
        (new XmlRpcArray([]), "<value><array><data>\n</data></array></value>\n"),
        (
            new XmlRpcArray([1, XmlRpcNil.Instance, "x"]),
            "<value><array><data>\n<value><int>1</int></value>\n<value><nil/></value><value><string>x</string></value>\n"
            + "</data></array></value>\n"),
        (new XmlRpcStruct(), "<value><struct>\n</struct></value>\n"),
        (
            new XmlRpcStruct { ["zebra"] = 1, ["alpha"] = XmlRpcNil.Instance, ["<&>"] = "", [""] = 2 },
            "<value><struct>\n"
            + "<member>\n<name>zebra</name>\n<value><int>1</int></value>\n</member>\n"
            + "<member>\n<name>alpha</name>\n<value><nil/></value></member>\n"
            + "<member>\n<name>&lt;&amp;&gt;</name>\n<value><string></string></value>\n</member>\n"
            + "<member>\n<name></name>\n<value><int>2</int></value>\n</member>\n"
            + "</struct></value>\n"),
        (
            new XmlRpcArray([new XmlRpcStruct { ["a"] = new XmlRpcArray([true]) }]),
            "<value><array><data>\n<value><struct>\n<member>\n<name>a</name>\n<value><array><data>\n"
            + "<value><boolean>1</boolean></value>\n</data></array></value>\n</member>\n</struct></value>\n"
            + "</data></array></value>\n"),
    ];

    /// <summary>As Python's repr() gives them.</summary>
    private static readonly (double Value, string Text)[] Doubles =
    [
        (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100.0"), (0.5, "0.5"),
        (0.0001, "0.0001"), (0.00012345, "0.00012345"), (0.00001, "1e-05"), (1.5e-7, "1.5e-07"), (1e-100, "1e-100"),
        (123456789.12345679, "123456789.12345679"), (9007199254740993, "9007199254740992.0"),
        (123456789012345678, "1.2345678901234568e+17"), (1e15, "1000000000000000.0"), (9.5e15, "9500000000000000.0"),
        (1e16, "1e+16"), (1.25e16, "1.25e+16"), (1e22, "1e+22"), (1e100, "1e+100"), (-1e300, "-1e+300"),
        (double.MaxValue, "1.7976931348623157e+308"), (double.Epsilon, "5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"), (1.0 / 3, "0.3333333333333333"),
        (1.0 / (1 << 25), "2.9802322387695312e-08"), (4.1045368012983762e-289, "4.1045368012983762e-289"),
        (double.PositiveInfinity, "inf"), (double.NegativeInfinity, "-inf"), (double.NaN, "nan"),
    ];

    private static IEnumerable<TestCaseData<XmlRpcValue, string>> Table => Rows
        .Concat(Doubles.Select(row => ((XmlRpcValue)row.Value, $"<value><double>{row.Text}</double></value>\n")))
        .Select(row => new TestCaseData<XmlRpcValue, string>(row.Item1, row.Item2)
            .SetArgDisplayNames(row.Item2.Length > 70 ? row.Item2[..70] : row.Item2));

    [TestCaseSource(nameof(Table))]
    public void Value_becomes_exactly_these_bytes(XmlRpcValue value, string bytes) =>
        Assert.That(Codec.Text(Codec.WriteResponse(value)), Is.EqualTo(Response(bytes)));

    [TestCaseSource(nameof(Table))]
    public void These_bytes_become_the_value(XmlRpcValue value, string bytes) =>
        Assert.That(Codec.Describe(Codec.ReadResponse(Response(bytes))), Is.EqualTo(Codec.Describe(value)));

    [Test]
    public void Call_has_the_bytes_that_Python_sends()
    {
        var bytes = Codec.Text(Codec.WriteCall(new XmlRpcCall("a<b", [1, XmlRpcNil.Instance])));

        Assert.That(bytes, Is.EqualTo(
            "<?xml version='1.0'?>\n<methodCall>\n<methodName>a&lt;b</methodName>\n<params>\n"
            + "<param>\n<value><int>1</int></value>\n</param>\n<param>\n<value><nil/></value></param>\n"
            + "</params>\n</methodCall>\n"));
        Assert.That(Codec.ReadCall(bytes).MethodName, Is.EqualTo("a<b"));
    }

    [Test]
    public void Call_without_arguments_keeps_its_params_element() => Assert.That(
        Codec.Text(Codec.WriteCall(new XmlRpcCall("info", []))),
        Is.EqualTo(
            "<?xml version='1.0'?>\n<methodCall>\n<methodName>info</methodName>\n<params>\n</params>\n</methodCall>\n"));

    [Test]
    public void Fault_is_read_back()
    {
        var bytes = Codec.WriteFault(new XmlRpcFault(-5, "a & b"));

        var thrown = Assert.Throws<XmlRpcFaultException>(() => Codec.ReadResponse(bytes));
        Assert.That(thrown.Fault, Is.EqualTo(new XmlRpcFault(-5, "a & b")));
    }

    [Test]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        var value = new XmlRpcStruct { ["\udc00"] = "a\ud800b\ud83d" };

        Assert.That(
            Codec.Describe(Codec.ReadResponse(Codec.WriteResponse(value))), Is.EqualTo("{'\ufffd': 'a\ufffdb\ufffd'}"));
    }

    [Test]
    public void Control_characters_go_out_as_they_are() => Assert.That(
        Codec.Text(Codec.WriteResponse("\0\x1b\r")),
        Does.Contain("<string>\0\x1b\r</string>"));

    [TestCase("2147483648")]
    [TestCase("-2147483649")]
    [TestCase("99999999999999999999999999")]
    public void Integer_beyond_32_bits_is_not_written(string number)
    {
        XmlRpcValue inside = new XmlRpcStruct { ["a"] = new XmlRpcArray([new XmlRpcInteger(BigInteger.Parse(number))]) };

        var thrown = Assert.Throws<XmlRpcWriteException>(() => Codec.WriteResponse(inside));
        Assert.That(thrown.Message, Is.EqualTo("int exceeds XML-RPC limits"));
        Assert.Throws<XmlRpcWriteException>(() => Codec.WriteCall(new XmlRpcCall("echo", [inside])));
    }

    [Test]
    public void Decimal_is_not_written()
    {
        var thrown = Assert.Throws<XmlRpcWriteException>(() => Codec.WriteResponse(new XmlRpcBigDecimal("1.50")));

        Assert.That(thrown.Message, Is.EqualTo("cannot marshal <class 'decimal.Decimal'> objects"));
    }

    [Test]
    public void Nothing_is_written_when_something_cannot_be()
    {
        var output = new ArrayBufferWriter<byte>();

        Assert.Throws<XmlRpcWriteException>(
            () => XmlRpcWriter.WriteResponse(output, new XmlRpcArray(["good", 1L << 40])));
        Assert.That(output.WrittenCount, Is.Zero);
    }

    [Test]
    public void Long_text_and_data_cross_the_buffers_of_a_small_writer()
    {
        var text = string.Concat(Enumerable.Repeat("zażółć <&> 🙂 ", 20_000));
        var data = Filled(200_000);
        var bytes = Codec.WriteResponse(new XmlRpcArray([text, data]));

        Assert.That(
            Codec.Describe(Codec.ReadResponse(bytes)),
            Is.EqualTo(Codec.Describe(new XmlRpcArray([text, data]))));
        var lines = Codec.Text(bytes).Split('\n').Where(line => line.StartsWith("eHh4", StringComparison.Ordinal));
        Assert.That(lines, Has.All.Length.LessThanOrEqualTo(76));
    }

    private static string Response(string value) =>
        $"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n{value}</param>\n</params>\n</methodResponse>\n";

    private static byte[] Filled(int length) => Encoding.ASCII.GetBytes(new string('x', length));

    private static string Line(int length) => string.Concat(Enumerable.Repeat("eHh4", length / 4));
}
