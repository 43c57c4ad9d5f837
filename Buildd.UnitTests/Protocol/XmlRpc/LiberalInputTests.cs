using System.Text;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.XmlRpc;

/// <summary>
/// Spellings that are taken although nobody writes them that way, and what is not. All rows were compared with Python's
/// xmlrpc.client, but for the differences listed in <see cref="RecordedExchangesTests"/>.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LiberalInputTests
{
    private static readonly string FormFeedAndNoBreakSpace = "\u2003\u00a0";

    private static readonly (string Inner, string Value)[] Taken =
    [
        // Strings
        ("bare text", "'bare text'"), ("", "''"), ("  kept  ", "'  kept  '"), ("\n", "'\n'"), ("<string/>", "''"),
        ("<string> x </string>", "' x '"), ("&lt;&amp;&gt;&quot;&apos;&#65;&#x42;", "'<&>\"'AB'"),
        ("&#x1F642;", "'🙂'"), ("a\r\nb\rc", "'a\nb\nc'"), ("a&#13;b", "'a\rb'"),
        ("<string><![CDATA[<raw> & more]]></string>", "'<raw> & more'"), ("<![CDATA[x]]>y<![CDATA[]]>", "'xy'"),
        ("a<!-- c -->b<?p i?>c", "'abc'"), ("junk<string>x</string>junk", "'x'"), ("<string>a<b/>c</string>", "'c'"),
        ("<string xml:space='preserve'>  </string>", "'  '"),
        // Integers
        ("<int>7</int>", "7"), ("<i1>7</i1>", "7"), ("<i2>7</i2>", "7"), ("<i4>7</i4>", "7"), ("<i8>7</i8>", "7"),
        ("<biginteger>123456789012345678901234567890</biginteger>", "123456789012345678901234567890"),
        ("<int> 7\n</int>", "7"), ("<int>+8</int>", "8"), ("<int>-0</int>", "0"), ("<int>007</int>", "7"),
        ("<i4>9999999999</i4>", "9999999999"), ("<int>5<!-- c -->6</int>", "56"),
        ($"<int>{FormFeedAndNoBreakSpace}7</int>", "7"),
        // Other scalars
        ("<boolean>0</boolean>", "false"), ("<boolean>1</boolean>", "true"),
        ("<double>1</double>", Double(1)), ("<float>1.5</float>", Double(1.5)), ("<double> 2.5 </double>", Double(2.5)),
        ("<double>1.</double>", Double(1)), ("<double>.5</double>", Double(0.5)), ("<double>+1E+5</double>", Double(1e5)),
        ("<double>1e-400</double>", Double(0)), ("<double>-1e400</double>", Double(double.NegativeInfinity)),
        ("<double>Infinity</double>", Double(double.PositiveInfinity)),
        ("<double>-inf</double>", Double(double.NegativeInfinity)),
        ("<double>1e99999999999999999999</double>", Double(double.PositiveInfinity)),
        ("<bigdecimal> 1.50 </bigdecimal>", "decimal 1.50"), ("<bigdecimal>-1E5</bigdecimal>", "decimal -1E5"),
        ("<bigdecimal>sNaN12</bigdecimal>", "decimal sNaN12"),
        ("<dateTime.iso8601>  not a date </dateTime.iso8601>", "time 'not a date'"),
        ("<nil/>", "nil"), ("<nil>x</nil>", "nil"), ("<ex:nil xmlns:ex='urn:x'/>", "nil"), ("<ex:nil/>", "nil"),
        ("<a:int xmlns='urn:x'>5</a:int>", "5"),
        // Base64
        ("<base64>QUJD</base64>", "bytes 414243"), ("<base64>QQ==</base64>", "bytes 41"),
        ("<base64> Q\nU\t\r\nI=</base64>", "bytes 4142"), ("<base64>Q*U-J_D</base64>", "bytes 414243"),
        ("<base64/>", "bytes "), ("<base64>====</base64>", "bytes "), ("<base64>QQ==QUJD</base64>", "bytes 41"),
        ("<base64>=QQ=Q=</base64>", "bytes 4104"), ("<base64>+/+/</base64>", "bytes FBFFBF"),
        // Arrays and structs
        ("<array><data/></array>", "[]"), ("<array/>", "[]"), ("<array><value>x</value></array>", "['x']"),
        ("<array><data>junk<value>x</value>junk</data></array>", "['x']"), ("<array><int>1</int></array>", "[1]"),
        ("<struct/>", "{}"), ("<struct><name>a</name><value>b</value></struct>", "{'a': 'b'}"),
        ("<struct><member><name> a </name><value/></member></struct>", "{' a ': ''}"),
        ("<struct><member><name>a</name><int>1</int></member></struct>", "{'a': 1}"),
        (
            "<struct><member><name>a</name><value>1</value></member><member><name>b</name><value>2</value></member>"
            + "<member><name>a</name><value>3</value></member></struct>",
            "{'a': '3', 'b': '2'}"),
    ];

    private static readonly (string Inner, string Message)[] Refused =
    [
        ("<int>12x</int>", "invalid literal for int() with base 10: '12x'"),
        ("<int></int>", "invalid literal for int() with base 10: ''"),
        ("<i8> </i8>", "invalid literal for int() with base 10: ' '"),
        ("<int>1 2</int>", "invalid literal for int() with base 10: '1 2'"),
        ("<int>--1</int>", "invalid literal for int() with base 10: '--1'"),
        ("<int>0x10</int>", "invalid literal for int() with base 10: '0x10'"),
        ("<int>1.0</int>", "invalid literal for int() with base 10: '1.0'"),
        ("<int>it's</int>", "invalid literal for int() with base 10: \"it's\""),
        ("<int>'\"</int>", "invalid literal for int() with base 10: '\\'\"'"),
        ("<int>a\\b\n\tc&#13;&#x7f;</int>", "invalid literal for int() with base 10: 'a\\\\b\\n\\tc\\r\\x7f'"),
        ("<boolean>true</boolean>", "bad boolean value"),
        ("<boolean> 1</boolean>", "bad boolean value"),
        ("<boolean/>", "bad boolean value"),
        ("<double>x</double>", "could not convert string to float: 'x'"),
        ("<double>.</double>", "could not convert string to float: '.'"),
        ("<double>1e</double>", "could not convert string to float: '1e'"),
        ("<double>0x1p3</double>", "could not convert string to float: '0x1p3'"),
        ("<bigdecimal>x</bigdecimal>", "[<class 'decimal.ConversionSyntax'>]"),
        ("<base64>QQ</base64>", "Incorrect padding"),
        ("<base64>QUI</base64>", "Incorrect padding"),
        ("<base64>QQ=</base64>", "Incorrect padding"),
        ("<base64>Q</base64>", "Invalid base64-encoded string: one character more than a multiple of 4"),
        ("<base64>QUJDż</base64>", "base64 text has a character outside of ASCII"),
        ("<foo/>", "ResponseError(\"unknown tag 'foo'\")"),
        ("<param/>", "ResponseError(\"unknown tag 'param'\")"),
        ("<struct><member><name>a</name></member></struct>", "a struct has the name 'a' without a value"),
        ("<struct><name>a</name><name>b</name></struct>", "a struct has the name 'a' without a value"),
        ("<struct><member><value>1</value></member></struct>", "a struct has a value without a name"),
        ("<array><name>a</name></array>", "a name stands in an array"),
        ("<name>a</name>", "a name stands outside of a struct"),
    ];

    private static IEnumerable<TestCaseData<string, string>> TakenCases => Cases(Taken);

    private static IEnumerable<TestCaseData<string, string>> RefusedCases => Cases(Refused);

    [TestCaseSource(nameof(TakenCases))]
    public void Value_is_understood(string inner, string value) =>
        Assert.That(Codec.Describe(Codec.ReadArgument(inner)), Is.EqualTo(value));

    [TestCaseSource(nameof(RefusedCases))]
    public void Value_is_refused_with(string inner, string message) =>
        Assert.That(Codec.Refusal(() => Codec.ReadArgument(inner)), Is.EqualTo(message));

    [TestCase("<methodCall><methodName>e</methodName></methodCall>", "")]
    [TestCase("<methodCall><methodName>e</methodName><params/></methodCall>", "")]
    [TestCase("<methodCall><methodName>e</methodName><params><param/></params></methodCall>", "")]
    [TestCase("<methodCall><methodName>e</methodName><params>junk<value>x</value></params></methodCall>", "'x'")]
    [TestCase("<methodCall><methodName>e</methodName><params><int>1</int></params></methodCall>", "1")]
    [TestCase("<methodCall><params><value>x</value></params><methodName>e</methodName></methodCall>", "'x'")]
    [TestCase("<methodName>e</methodName>", "")]
    [TestCase("<x><methodName>e</methodName><y><value>x</value></y></x>", "'x'")]
    [TestCase("\ufeff<?xml version='1.0' standalone='yes'?>\n<!-- c --><?p?>\n<methodName>e</methodName>\n<!-- c -->\n", "")]
    public void Frame_of_a_call_is_understood(string document, string parameters)
    {
        var call = Codec.ReadCall(document);

        Assert.That(call.MethodName, Is.EqualTo("e"));
        Assert.That(string.Join(", ", call.Parameters.Select(Codec.Describe)), Is.EqualTo(parameters));
    }

    [TestCase("<methodCall><params/></methodCall>", "the call has no method name")]
    [TestCase("<methodCall><methodName/></methodCall>", "the call has no method name")]
    [TestCase("<methodResponse><params><param><value/></param></params></methodResponse>", "the call has no method name")]
    [TestCase("<hello/>", "ResponseError()")]
    [TestCase("<fault/>", "a fault has no proper code and text")]
    [TestCase("<fault><value><struct/></value></fault>", "a fault has no proper code and text")]
    public void Frame_of_a_call_is_refused_with(string document, string message) =>
        Assert.That(Codec.Refusal(() => Codec.ReadCall(document)), Is.EqualTo(message));

    [TestCase("<methodResponse/>", "ResponseError()")]
    [TestCase("<params/>", "the answer has 0 values instead of one")]
    [TestCase("<params><value/><value/></params>", "the answer has 2 values instead of one")]
    [TestCase("<methodCall><methodName>e</methodName></methodCall>", "a call stands where an answer was expected")]
    [TestCase("<fault><value>x</value></fault>", "a fault has no proper code and text")]
    [TestCase("<html><body>Hello</body></html>", "ResponseError()")]
    public void Frame_of_an_answer_is_refused_with(string document, string message) =>
        Assert.That(Codec.Refusal(() => Codec.ReadResponse(document)), Is.EqualTo(message));

    [TestCase("utf-8", true)]
    [TestCase("utf-8", false)]
    [TestCase("utf-16", true)]
    [TestCase("utf-16", false)]
    [TestCase("utf-16BE", true)]
    [TestCase("utf-16BE", false)]
    [TestCase("iso-8859-1", true)]
    [TestCase("utf-32", true)]
    public void Encoding_is_honoured(string name, bool isDeclared)
    {
        var encoding = Encoding.GetEncoding(name);
        var declaration = isDeclared ? $"<?xml version='1.0' encoding='{name}'?>" : "";
        byte[] bytes = [.. encoding.GetPreamble(), .. encoding.GetBytes(declaration + Codec.CallWith("é"))];

        Assert.That(Codec.Describe(Codec.ReadCall(bytes).Parameters.Single()), Is.EqualTo("'é'"));
    }

    [Test]
    public void Ascii_is_honoured() => Assert.That(
        Codec.ReadCall("<?xml version='1.0' encoding='us-ascii'?>" + Codec.CallWith("&#233;")).Parameters.Single(),
        Is.TypeOf<XmlRpcString>().With.Property(nameof(XmlRpcString.Value)).EqualTo("é"));

    [Test]
    public void Body_may_lie_in_pieces()
    {
        var bytes = Encoding.UTF8.GetBytes(Codec.CallWith("zażółć 🙂"));

        var call = XmlRpcReader.ReadCall(Pieces.Of(bytes, 1));

        Assert.That(Codec.Describe(call.Parameters.Single()), Is.EqualTo("'zażółć 🙂'"));
    }

    private static string Double(double value) => Codec.Describe(value);

    private static IEnumerable<TestCaseData<string, string>> Cases((string Inner, string Other)[] rows) =>
        rows.Select(row => new TestCaseData<string, string>(row.Inner, row.Other));
}
