using Buildd.Linux.Files;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;
using Buildd.Protocol;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;
using static Buildd.UnitTests.Master.Replies;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Jobs;

[Parallelizable(ParallelScope.All)]
public sealed class BuildJobTests
{
    private static readonly BinaryPackageArguments Minimal = new() { Series = "bookworm", Suite = "bookworm", ArchTag = "amd64" };

    [TestCase("../x")]
    [TestCase("a/b")]
    [TestCase("")]
    [TestCase("a\0")]
    public void Names_and_cookies_that_escape_are_refused(string name)
    {
        Assert.That(() => Input(name), Throws.TypeOf<FileNameException>());
        Assert.That(() => Job() with { Cookie = new BuildCookie(name, 1) }, Throws.TypeOf<FileNameException>());
    }

    [Test]
    public void Two_files_of_one_name_are_refused() =>
        Assert.That(() => Job("a.dsc", "a.dsc"), Throws.ArgumentException.With.Message.Contains("a.dsc"));

    [Test]
    public void The_text_of_a_job_and_its_files_has_no_secrets()
    {
        var file = Input("a.dsc") with { Url = "http://u:hunter2@h/a.dsc", UserName = "u", Password = "hunter2" };
        var job = Job() with { Files = [file], Arguments = new XmlRpcStruct { ["archives"] = "deb http://u:hunter2@h/ x" } };

        Assert.That($"{job} {file}", Does.Not.Contain("hunter2").And.Contain("http://h/a.dsc"));
    }

    [Test]
    public void An_image_is_what_its_arguments_say_and_no_more()
    {
        var least = new LiveFsArguments { Series = "bookworm", ArchTag = "amd64", Project = "board" };
        var all = least with
        {
            ConfigBranch = "https://u:hunter2@h/b.git",
            ConfigRef = "v1",
            ConfigPath = "one",
            LbOptions = ["--x"],
            Environment = new Dictionary<string, string> { ["BOARD"] = "one" },
            ImageTool = "live-build",
            DateStamp = "20240501",
            Archives = ["deb http://d bookworm main"],
            Pocket = "proposed",
        };

        Assert.That(least.ToXmlRpc().Keys, Is.EquivalentTo(new[] { "series", "arch_tag", "project", "pocket", "archive_private" }));
        var job = LiveFsJobKind.MakeJob(new BuildCookie("LIVEFSBUILD", 1), Input("chroot"), all);
        Assert.That((job.BuilderTag, job.Files.Count), Is.EqualTo(("livefs", 0)));
        Assert.That(
            job.Arguments.Keys, Is.SupersetOf(
                new[]
                {
                    "config_branch",
                    "config_ref",
                    "config_path",
                    "lb_options",
                    "environment",
                    "image_tool",
                    "datestamp",
                    "archives",
                }));
        Assert.That(job.Arguments["pocket"], Is.TypeOf<XmlRpcString>().With.Property("Value").EqualTo("proposed"));
        Assert.That($"{job} {all}", Does.Not.Contain("hunter2"));
    }

    [Test]
    public void A_source_package_has_exactly_one_dsc()
    {
        Assert.That(() => PackageJobKind.MakeJob(BuildCookie.Parse(Cookie), Input("chroot"), [Input("a.tar.gz")], Minimal),
            Throws.ArgumentException.With.Message.Contains("here are 0"));
        Assert.That(() => PackageJobKind.MakeJob(BuildCookie.Parse(Cookie), Input("chroot"), [Input("a.dsc"), Input("b.dsc")], Minimal),
            Throws.ArgumentException.With.Message.Contains("here are 2"));
        Assert.That(PackageJobKind.MakeJob(BuildCookie.Parse(Cookie), Input("chroot"), [Input("a.dsc")], Minimal).BuilderTag,
            Is.EqualTo("binarypackage"));
    }

    [Test]
    public void What_a_slave_requires_is_always_among_the_arguments()
    {
        var arguments = Minimal.ToXmlRpc();

        Assert.That(arguments.Keys, Is.EquivalentTo([
            "series", "suite", "arch_tag", "ogrecomponent", "archive_purpose", "archive_private", "arch_indep", "build_debug_symbols",
        ]));
        Assert.That(Text(arguments["ogrecomponent"]), Is.EqualTo("main"));
        Assert.That(Text(arguments["archive_purpose"]), Is.EqualTo("PRIMARY"));
    }

    [Test]
    public void Lists_and_keys_are_there_when_they_are_given()
    {
        var arguments = (Minimal with
        {
            Archives = ["deb http://a sid main", "deb http://b sid main"],
            TrustedKeys = [new byte[] { 1, 2, 3 }],
            BuildUrl = "http://farm/22",
            ArchIndep = true,
            Others = new XmlRpcStruct { ["ogrecomponent"] = "non-free", ["backend"] = "unshare" },
        }).ToXmlRpc();

        Assert.That(((XmlRpcArray)arguments["archives"]).Select(Text), Is.EqualTo(["deb http://a sid main", "deb http://b sid main"]));
        Assert.That(((XmlRpcArray)arguments["trusted_keys"]).Select(Text), Is.EqualTo(["AQID"]));
        Assert.That(((XmlRpcBoolean)arguments["arch_indep"]).Value, Is.True);
        Assert.That(Text(arguments["build_url"]), Is.EqualTo("http://farm/22"));
        Assert.That(Text(arguments["ogrecomponent"]), Is.EqualTo("main"), "what is known wins");
        Assert.That(Text(arguments["backend"]), Is.EqualTo("unshare"));
    }

    private static string Text(XmlRpcValue value) => ((XmlRpcString)value).Value;
}
