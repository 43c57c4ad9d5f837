using Buildd.Backends.PlugIn;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.PlugIn;

[Parallelizable(ParallelScope.All)]
public sealed class PlugInArgumentsTests
{
    [Test]
    public void What_every_kind_of_build_has_is_read()
    {
        var arguments = Parse(
            new XmlRpcStruct
            {
                ["series"] = "trixie",
                ["suite"] = "trixie-updates",
                ["arch_tag"] = "arm64",
                ["build_url"] = "http://x/1",
                ["other"] = 1,
            });

        Assert.That(arguments, Is.EqualTo(new PlugInArguments { Series = "trixie", Architecture = "arm64", BuildUrl = "http://x/1" }));
    }

    [Test]
    public void A_suite_stands_in_for_the_series_and_the_slave_s_architecture_for_none() =>
        Assert.That(
            Parse(new XmlRpcStruct { ["suite"] = "sid", ["arch_tag"] = XmlRpcNil.Instance }),
            Is.EqualTo(new PlugInArguments { Series = "sid", Architecture = "riscv64" }));

    [Test]
    public void A_build_of_no_series_is_refused() =>
        Assert.That(
            () => Parse([]), Throws.TypeOf<RefusedException>().With.Message.EqualTo("neither the argument 'series' nor 'suite' is there"));

    [TestCase("series")]
    [TestCase("arch_tag")]
    [TestCase("build_url")]
    public void A_value_of_another_type_is_refused(string name) =>
        Assert.That(
            () => Parse(new XmlRpcStruct(new Dictionary<string, XmlRpcValue> { ["suite"] = "sid", [name] = 7 })),
            Throws.TypeOf<RefusedException>().With.Message.Contains($"'{name}'"));

    [Test]
    public void A_first_line_of_several_lines_is_refused() =>
        Assert.That(
            () => Parse(new XmlRpcStruct { ["series"] = "sid", ["build_url"] = "a\nb" }), Throws.TypeOf<RefusedException>()
                .With.Message.Contains("control character"));

    [TestCase("work")]
    [TestCase("results")]
    public void A_file_with_the_name_of_one_of_the_build_s_own_folders_is_refused(string name) =>
        Assert.That(
            () =>
                Parse(new XmlRpcStruct { ["series"] = "sid" }, name), Throws.TypeOf<RefusedException>().With.Message.Contains($"'{name}'"));

    private static PlugInArguments Parse(XmlRpcStruct arguments, string file = "input") => PlugInArguments.Parse(new BuildRequest
    {
        BuildId = "PLUGIN-1",
        ChrootPath = "/cache/chroot",
        Files = new Dictionary<string, string> { [file] = "/cache/file" },
        Arguments = arguments,
        DefaultArchitecture = "riscv64",
    });
}
