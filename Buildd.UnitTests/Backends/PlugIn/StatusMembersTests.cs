using System.Buffers;
using System.Text;
using System.Text.Json;
using Buildd.Backends.PlugIn;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

[Parallelizable(ParallelScope.All)]
public sealed class StatusMembersTests
{
    [TestCase("\"text\"", "<string>text</string>")]
    [TestCase("\"é 😀\"", "<string>é 😀</string>")]
    [TestCase("\"a\\u0000b\\u001bc\\uffff\\t\"", "<string>a\uFFFDb\uFFFDc\uFFFD\t</string>")]
    [TestCase("12", "<int>12</int>")]
    [TestCase("-2147483648", "<int>-2147483648</int>")]
    [TestCase("2147483648", "<double>2147483648.0</double>")]
    [TestCase("1.5", "<double>1.5</double>")]
    [TestCase("1.0", "<double>1.0</double>")]
    [TestCase("true", "<boolean>1</boolean>")]
    [TestCase("null", "<nil/>")]
    [TestCase("[]", "<array><data>\n</data></array>")]
    public void A_value_of_JSON_becomes_one_of_XML_RPC(string json, string xml) =>
        Assert.That(
            Write(StatusMembers.Parse(Encoding.UTF8.GetBytes($"{{\"x\": {json}}}"))),
            Does.Contain($"<name>x</name>\n<value>{xml}</value>"));

    [Test]
    public void Of_two_members_of_one_name_the_later_counts() =>
        Assert.That(
            Write(StatusMembers.Parse("{\"x\": {\"y\": [1, {\"z\": 2}]}, \"x\": 3}"u8.ToArray())), Does.Contain("<int>3</int>")
                .And.Not.Contain("<int>2</int>"));

    [Test]
    public void As_deep_as_it_is_read_it_can_be_written() =>
        Assert.That(
            Write(StatusMembers.Parse(Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 63) + new string(']', 63) + "}"))),
            Does.Contain("<array>"));

    [TestCase("")]
    [TestCase("{")]
    [TestCase("{\"x\": 1} and more")]
    [TestCase("[1]")]
    [TestCase("\"x\"")]
    [TestCase("null")]
    [TestCase("{\"x\": 1e999}")]
    [TestCase("{\"x\": NaN}")]
    [TestCase("{\"x\": \"\\ud800\"}")]
    [TestCase("{\"\\udc00\": 1}")]
    [TestCase("{'x': 1}")]
    public void What_is_no_object_is_refused(string json) =>
        Assert.That(() => StatusMembers.Parse(Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<JsonException>());

    [Test]
    public void What_is_deeper_than_anybody_needs_is_refused() =>
        Assert.That(
            () => StatusMembers.Parse(Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 30_000) + new string(']', 30_000) + "}")),
            Throws.InstanceOf<JsonException>());

    [Test]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.That(
            () => StatusMembers.Parse("{\"x\": \"\xff\"}"u8.ToArray().Select((b, i) => i == 7 ? (byte)0xFF : b).ToArray()),
            Throws.InstanceOf<JsonException>());

    private static string Write(XmlRpcStruct members)
    {
        var output = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(output, members);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
