using System.Numerics;
using System.Text;
using Buildd.Backends.PlugIn;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

/// <summary>The table of docs/plugins.md: what a plug-in gets to read.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class PlugInRequestTests
{
    private static IEnumerable<TestCaseData> Values()
    {
        yield return Case("text", "text", "\"text\"");
        yield return Case("other scripts and quotes", "é \"q\" <a href='x'>+ \U0001F600", "\"é \\\"q\\\" <a href='x'>+ \\uD83D\\uDE00\"");
        yield return Case("control characters", "a\nb\0c", "\"a\\nb\\u0000c\"");
        yield return Case("integer", 42, "42");
        yield return Case("integer of any size", new XmlRpcInteger(BigInteger.Pow(10, 30)), "1" + new string('0', 30));
        yield return Case("negative integer", -1, "-1");
        yield return Case("double", 2.5, "2.5");
        yield return Case("double that JSON has no number for", double.NaN, "\"nan\"");
        yield return Case("infinity", double.PositiveInfinity, "\"inf\"");
        yield return Case("negative infinity", double.NegativeInfinity, "\"-inf\"");
        yield return Case("true", true, "true");
        yield return Case("false", false, "false");
        yield return Case("nil", XmlRpcNil.Instance, "null");
        yield return Case("array", new XmlRpcArray([1, "two", new XmlRpcArray([])]), "[1,\"two\",[]]");
        yield return Case("struct in its order", new XmlRpcStruct { ["b"] = 1, ["a"] = new XmlRpcStruct() }, "{\"b\":1,\"a\":{}}");
        yield return Case("bytes", new byte[] { 0, 255, 254 }, "\"AP/+\"");
        yield return Case("time", new XmlRpcDateTime("20240203T04:05:06"), "\"20240203T04:05:06\"");
        yield return Case("decimal", new XmlRpcBigDecimal("1.10"), "\"1.10\"");
    }

    [TestCaseSource(nameof(Values))]
    public void An_argument_becomes_JSON(XmlRpcValue value, string json) =>
        Assert.That(
            Written(new XmlRpcStruct { ["series"] = "sid", ["x"] = value }),
            Does.Contain($"\"args\":{{\"series\":\"sid\",\"x\":{json}}},\"files\""));

    [Test]
    public void The_object_stands_on_one_line()
    {
        using var bench = new PlugInBench();
        bench.Request = bench.Request with { Files = new Dictionary<string, string> { ["z.dsc"] = "/cache/1", ["a b"] = "/cache/2" } };

        var text = Written(bench);

        Assert.That(text, Is.EqualTo(
            "{\"build_id\":\"PLUGIN-1\",\"tag\":\"test\",\"series\":\"bookworm\",\"arch_tag\":\"riscv64\","
            + "\"args\":{\"series\":\"bookworm\"},"
            + $"\"files\":{{\"z.dsc\":\"{bench.Directory}/z.dsc\",\"a b\":\"{bench.Directory}/a b\"}},"
            + $"\"chroot\":\"/cache/chroot\",\"work_dir\":\"{bench.Directory}/work\",\"results_dir\":\"{bench.Directory}/results\"}}\n"));
    }

    private static string Written(XmlRpcStruct arguments)
    {
        using var bench = new PlugInBench();
        bench.Request = bench.Request with { Arguments = arguments };
        return Written(bench);
    }

    private static string Written(PlugInBench bench) =>
        Encoding.UTF8.GetString(PlugInRequest.Write(bench, PlugInArguments.Parse(bench.Request), "test").Span);

    private static TestCaseData Case(string name, XmlRpcValue value, string json) => new TestCaseData(value, json).SetArgDisplayNames(name);
}
