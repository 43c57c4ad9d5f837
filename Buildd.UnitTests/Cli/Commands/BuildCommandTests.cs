using System.Security.Cryptography;
using Buildd.Farm;
using Buildd.Linux.Processes;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

/// <summary>Queuing source packages, and the chroots that they need.</summary>
public sealed class BuildCommandTests : BuildCommandFixture
{
    [Test]
    public async Task A_source_package_is_queued_for_each_architecture_that_has_a_chroot()
    {
        await AddChrootsAsync("amd64", "arm64", "s390x");
        var dsc = WriteSource("any-amd64 arm64 all");

        var ran = await Farm.RunAsync("build", dsc, "--score", "7", "--owner", "anna");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(
            ran.Output, Is.EqualTo(
                "PACKAGEBUILD-1: amd64 build of hello 2.10-3 in debian bookworm RELEASE\nPACKAGEBUILD-2: arm64 build of hello 2.10-3 in "
                    + "debian bookworm RELEASE\n"));
        var builds = await BuildsAsync();
        Assert.That(
            builds.Select(build => (build.Processor, build.Score, build.Owner, build.Subject)),
            Is.EquivalentTo(new[] { ("amd64", 7, "anna", "hello"), ("arm64", 7, "anna", "hello") }));
        var first = await SpecificationAsync(1);
        Assert.That(
            first.Archives,
            Is.EqualTo(new[] { "deb http://deb.example/debian bookworm main", "deb http://deb.example/security bookworm-security main" }));
        Assert.That(first.Files.Select(file => file.Name), Is.EqualTo(new[] { "hello_2.10-3.dsc", "hello_2.10.orig.tar.gz" }));
        Assert.That(
            (first.ArchIndep, (await SpecificationAsync(2)).ArchIndep), Is.EqualTo((true, false)),
            "what is for all architectures is built once");
    }

    [TestCase("hello_2.10-3.dsc")]
    [TestCase("hello_2.10.orig.tar.gz")]
    public async Task A_pipe_in_the_place_of_a_source_is_not_waited_for(string name)
    {
        await AddChrootsAsync("amd64");
        var dsc = WriteSource("any");
        File.Delete(Farm[name]);
        await ProcessRunner.CaptureAsync(Command.Of("mkfifo", Farm[name]));

        var ran = await Farm.RunAsync("build", dsc);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed), ran.ToString());
        Assert.That(ran.Error, Does.Contain(name).And.Contain("it is a pipe"));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [Test]
    public async Task Comments_and_blank_lines_among_the_sources_are_passed_over()
    {
        await AddChrootsAsync("amd64");

        var ran = await Farm.RunAsync(
            "build", WriteSource("any"), "--source", "deb http://d %(series)s main # x", "--source", "# old", "--source", " ");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That((await SpecificationAsync(1)).Archives, Is.EqualTo((string[])["deb http://d bookworm main # x"]));
    }

    [Test]
    public async Task The_files_are_kept_by_their_sums_whatever_happens_to_them_later()
    {
        await AddChrootsAsync("amd64");
        var dsc = WriteSource("any");
        await Farm.RunAsync("build", dsc);
        File.Delete(Farm["hello_2.10.orig.tar.gz"]);

        foreach (var file in (await SpecificationAsync(1)).Files)
        {
            var bytes = await File.ReadAllBytesAsync(Farm[$"state/inputs/{file.Sha1}"]);
            Assert.That(Sum(HashAlgorithmName.SHA1, bytes), Is.EqualTo(file.Sha1.ToString()));
        }

        Assert.That(Directory.GetFiles(Farm["state/inputs/arriving"]), Is.Empty);
    }

    [Test]
    public async Task A_package_for_all_architectures_is_built_once()
    {
        await AddChrootsAsync("amd64", "arm64");

        await Farm.RunAsync("build", WriteSource("all"));

        Assert.That(await BuildsAsync(), Has.Count.EqualTo(1));
        Assert.That((await SpecificationAsync(1)).ArchIndep);
    }

    [TestCase]
    [TestCase("--arch", "amd64")]
    public async Task What_is_for_all_is_built_where_there_is_a_chroot_though_the_rest_is_not(params string[] options)
    {
        await AddChrootsAsync("amd64", "arm64");

        var ran = await Farm.RunAsync(["build", WriteSource("i386 all"), .. options]);

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        Assert.That(await BuildsAsync(), Has.Count.EqualTo(1));
        var specification = await SpecificationAsync(1);
        Assert.That((specification.ArchTag, specification.ArchIndep), Is.EqualTo(("amd64", true)));
    }

    [Test]
    public async Task Who_queues_again_with_the_same_key_gets_the_same_build()
    {
        await AddChrootsAsync("amd64");
        var dsc = WriteSource("any");

        var first = await Farm.RunAsync("build", dsc, "--key", "upload-7");
        var second = await Farm.RunAsync("build", dsc, "--key", "upload-7");

        Assert.That(second.Output, Is.EqualTo(first.Output));
        Assert.That(await BuildsAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_architecture_that_is_named_needs_no_chroot_yet()
    {
        var ran = await Farm.RunAsync(
            "build", WriteSource("any"), "--arch", "riscv64", "--series", "trixie", "--suite", "trixie-proposed", "--without-chroot");

        Assert.That(ran.Output, Is.EqualTo("PACKAGEBUILD-1: riscv64 build of hello 2.10-3 in debian trixie PROPOSED\n"), ran.ToString());
    }

    [Test]
    public async Task Without_a_chroot_it_is_said_how_to_add_one()
    {
        var ran = await Farm.RunAsync("build", WriteSource("any"));

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound));
        Assert.That(
            ran.Error, Is.EqualTo(
                "build: there is no chroot of bookworm for any: add one with 'buildd-farm chroots add', or name the architecture with "
                    + "--arch and --without-chroot and add it later\n"));
    }

    [Test]
    public async Task An_architecture_that_the_package_is_not_for_is_refused()
    {
        var ran = await Farm.RunAsync("build", WriteSource("amd64"), "--arch", "arm64");

        Assert.That(ran.Error, Is.EqualTo("build: hello 2.10-3 is for amd64, not for arm64\n"));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [TestCase("longer than it was", "it is longer")]
    [TestCase("s", "it is shorter")]
    [TestCase("hello?", "its MD5 is another")]
    public async Task A_file_that_is_not_what_the_dsc_says_is_refused_and_leaves_nothing(string content, string because)
    {
        await AddChrootsAsync("amd64");
        var dsc = WriteSource("any");
        var before = Directory.GetFiles(Farm["state/inputs"], "*", SearchOption.AllDirectories);
        await File.WriteAllTextAsync(Farm["hello_2.10.orig.tar.gz"], content);

        var ran = await Farm.RunAsync("build", dsc);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed));
        Assert.That(ran.Error, Does.Contain($"is not what the .dsc says: {because}"));
        Assert.That(await BuildsAsync(), Is.Empty);
        Assert.That(Directory.GetFiles(Farm["state/inputs"], "*", SearchOption.AllDirectories), Is.EquivalentTo(before));
    }

    [Test]
    public async Task A_file_that_is_missing_is_named()
    {
        await AddChrootsAsync("amd64");
        var dsc = WriteSource("any");
        File.Delete(Farm["hello_2.10.orig.tar.gz"]);

        var ran = await Farm.RunAsync("build", dsc);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.NotFound));
        Assert.That(ran.Error, Is.EqualTo($"build: {Farm["hello_2.10.orig.tar.gz"]} is not there, and the .dsc lists it\n"));
    }

    [TestCase("nothing.dsc", FarmExitCode.NotFound)]
    [TestCase("nothing.tar.gz", FarmExitCode.Usage)]
    [TestCase("garbage.dsc", FarmExitCode.Failed)]
    [TestCase("hostile.dsc", FarmExitCode.Failed)]
    public async Task What_is_no_source_package_is_refused(string name, int code)
    {
        await AddChrootsAsync("amd64");
        await File.WriteAllTextAsync(Farm["garbage.dsc"], "garbage\n");
        await File.WriteAllTextAsync(
            Farm["hostile.dsc"], (await File.ReadAllTextAsync(WriteSource("any")))
                .Replace("hello_2.10.orig.tar.gz", "../../etc/passwd", StringComparison.Ordinal));

        var ran = await Farm.RunAsync("build", Farm[name]);

        Assert.That(ran.Code, Is.EqualTo(code), ran.ToString());
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    [Test]
    public async Task Chroots_are_added_replaced_and_removed()
    {
        await AddChrootsAsync("amd64");
        await SmallChroot.WriteAsync(Farm["newer.tar.gz"], "newer");
        var size = new FileInfo(Farm["newer.tar.gz"]).Length;
        await Farm.RunAsync("chroots", "add", "bookworm", "amd64", Farm["newer.tar.gz"]);

        Assert.That(
            (await Farm.RunAsync("chroots", "list")).Output,
            Does.Match($"\nbookworm +amd64 +[-0-9: Z]+ +{size} +[0-9a-f]{{40}} +newer.tar.gz\n$"));
        Assert.That((await Farm.RunAsync("chroots", "remove", "bookworm", "amd64")).Code, Is.Zero);
        Assert.That((await Farm.RunAsync("chroots", "remove", "bookworm", "amd64")).Code, Is.EqualTo(FarmExitCode.NotFound));
        Assert.That((await Farm.RunAsync("chroots", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task A_file_in_which_nothing_can_be_built_is_not_added()
    {
        await File.WriteAllTextAsync(Farm["chroot.tar.gz"], "no tarball");

        var ran = await Farm.RunAsync("chroots", "add", "bookworm", "amd64", Farm["chroot.tar.gz"]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed));
        Assert.That(
            ran.Error,
            Does.StartWith($"add: {Farm["chroot.tar.gz"]} can't be used as a chroot: ").And.EndWith(". Fetch or make it again.\n"));
        Assert.That((await Farm.RunAsync("chroots", "list", "--json")).Output.Trim(), Is.EqualTo("[]"));
        Assert.That(Directory.Exists(Farm["state/inputs"]), Is.False, "nothing was copied");
    }

    [TestCase("../etc", "amd64", FarmExitCode.Usage)]
    [TestCase("bookworm", "", FarmExitCode.Usage)]
    [TestCase("bookworm", "arm64", FarmExitCode.NotFound)]
    public async Task A_chroot_that_cannot_be_is_refused(string series, string arch, int code)
    {
        var ran = await Farm.RunAsync("chroots", "add", series, arch, Farm["missing.tar.gz"]);

        Assert.That(ran.Code, Is.EqualTo(code), ran.ToString());
    }

    [Test]
    public async Task A_package_is_built_by_another_manager_for_a_person_on_builders_of_some_kind()
    {
        await AddChrootsAsync("amd64");

        var ran = await Farm.RunAsync(
            "build", WriteSource("any"), "--manager", "pbuilder", "--requester", "Ada <ada@example.org>", "--virtualized", "--resource",
            "large", "--resource", "gpu");

        Assert.That(ran.Code, Is.Zero, ran.ToString());
        var build = (await BuildsAsync()).Single();
        Assert.That((build.Manager, build.Virtualized, string.Join(' ', build.Resources)), Is.EqualTo(("pbuilder", true, "gpu large")));
        Assert.That((await SpecificationAsync(1)).Requester, Is.EqualTo("Ada <ada@example.org>"));
    }

    [Test]
    public async Task A_live_filesystem_is_queued_with_all_its_arguments()
    {
        await AddChrootsAsync("amd64", "arm64");

        var ran = await Farm.RunAsync(
            "build", "--livefs", "desktop", "--pocket", "proposed", "--unique-key", "minimal", "--datestamp", "20260314", "--image-tool",
            "live-build",
            "--config-branch", "https://git.example/config", "--config-ref", "stable", "--config-path", "live",
            "--lb-option=--apt-recommends", "--lb-option", "false",
            "--env", "A=b=c", "--arg", "subproject=minimized", "--json-arg", "extra_ppas=[\"ada/ppa\"]", "--json-arg", "debug=true",
            "--requester", "ada@example.org");

        Assert.That(
            ran.Output, Is.EqualTo(
                "LIVEFSBUILD-1: amd64 build of desktop (minimal) in debian bookworm PROPOSED\nLIVEFSBUILD-2: arm64 build of desktop "
                    + "(minimal) in debian bookworm PROPOSED\n"), ran.ToString());
        var image = LiveFsSpecification.FromBytes((await Farm.WithStoreAsync(store => store.Builds.FindSpecificationAsync(2)))!.Value);
        var wire = image.ToXmlRpc();
        Assert.That(wire.Select(member => $"{member.Key}={Text(member.Value)}"), Is.EquivalentTo(new[]
        {
            "series=bookworm", "arch_tag=arm64", "project=desktop", "pocket=proposed", "archive_private=False", "datestamp=20260314",
            "image_tool=live-build",
            "config_branch=https://git.example/config", "config_ref=stable", "config_path=live", "lb_options=[--apt-recommends false]",
            "environment={A=b=c}",
            "archives=[deb http://deb.example/debian bookworm main deb http://deb.example/security bookworm-security main]",
            "subproject=minimized", "extra_ppas=[ada/ppa]", "debug=True",
        }));
        Assert.That((image.Requester, (await BuildsAsync())[0].Manager), Is.EqualTo(("ada@example.org", "livefs")));
    }

    [TestCase("Either a FILE.dsc or --livefs says what to build.")]
    [TestCase("Either a FILE.dsc or --livefs says what to build.", "hello_2.10-3.dsc", "--livefs", "x")]
    [TestCase("--config-branch is for live filesystems, which --livefs names.", "hello_2.10-3.dsc", "--config-branch", "x")]
    [TestCase("--suite is for source packages.", "--livefs", "x", "--suite", "sid")]
    [TestCase("--livefs is \"../x\", and should be a name", "--livefs", "../x")]
    [TestCase("--env is \"A\", and should be NAME=VALUE.", "--livefs", "x", "--env", "A")]
    [TestCase("--json-arg is \"a={\", and should be NAME=JSON.", "--livefs", "x", "--json-arg", "a={")]
    [TestCase("--arg gives \"a\" twice", "--livefs", "x", "--arg", "a=1", "--json-arg", "a=2")]
    [TestCase("1.5 can't be an argument", "--livefs", "x", "--json-arg", "a=1.5")]
    [TestCase("--requester is", "--livefs", "x", "--requester", "nobody")]
    [TestCase("--resource is a word", "--livefs", "x", "--resource", "two words")]
    [TestCase("--source is no line of a sources.list: there are no components in it.", "--livefs", "x", "--source", "deb http://d sid")]
    public async Task What_does_not_fit_together_is_a_wrong_command_line(string message, params string[] arguments)
    {
        await AddChrootsAsync("amd64");

        var ran = await Farm.RunAsync(["build", .. arguments]);

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Usage), ran.ToString());
        Assert.That(ran.Error, Does.Contain(message));
        Assert.That(await BuildsAsync(), Is.Empty);
    }

    private static string Text(XmlRpcValue value) => value switch
    {
        XmlRpcArray array => $"[{string.Join(' ', array.Select(Text))}]",
        XmlRpcStruct members => $"{{{string.Join(' ', members.Select(member => $"{member.Key}={Text(member.Value)}"))}}}",
        XmlRpcBoolean truth => $"{truth.Value}",
        XmlRpcString text => text.Value,
        _ => value.ToString()!,
    };
}
