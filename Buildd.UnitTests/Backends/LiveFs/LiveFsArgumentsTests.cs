using Buildd.Backends.LiveFs;
using Buildd.Backends.LiveFs.LiveBuild;
using Buildd.Backends.LiveFs.Mmdebstrap;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.LiveFs;

[Parallelizable(ParallelScope.All)]
public sealed class LiveFsArgumentsTests
{
    private static readonly LiveFsOptions Options =
        new() { FileBranches = ["/srv/git"], EnvironmentNames = [Pattern("BOARD"), Pattern("LB_*")] };

    private static readonly XmlRpcStruct Launchpad = new()
    {
        ["series"] = "noble",
        ["arch_tag"] = "amd64",
        ["project"] = "ubuntu-server",
        ["pocket"] = "proposed",
    };

    private static readonly XmlRpcStruct Branch =
        new() { ["series"] = "trixie", ["project"] = "board", ["config_branch"] = "https://git.test/b.git" };

    private static readonly XmlRpcStruct Debian = new() { ["series"] = "trixie", ["project"] = "root", ["image_tool"] = "mmdebstrap" };

    private static IEnumerable<TestCaseData> Refused =>
    [
        Row(Launchpad, "project", XmlRpcNil.Instance, "the argument 'project' is missing"),
        Row(Launchpad, "project", "../x", "the argument 'project' is '../x'"),
        Row(Launchpad, "project", "a b", "the argument 'project' is 'a b'"),
        Row(Launchpad, "project", "$(reboot)", "the argument 'project' is"),
        Row(Launchpad, "project", new string('x', 101), "has 101 characters"),
        Row(Launchpad, "pocket", XmlRpcNil.Instance, "the argument 'pocket' is missing"),
        Row(Launchpad, "pocket", "a\nb", "'pocket' has a control character"),
        Row(Launchpad, "subarch", 1, "'subarch' should be a string"),
        Row(Launchpad, "datestamp", "1\n2", "'datestamp' has a control character"),
        Row(Launchpad, "locale", "de_DE;x", "the argument 'locale' is 'de_DE;x'"),
        Row(Launchpad, "extra_ppas", "a/b", "'extra_ppas' should be an array of strings"),
        Row(Launchpad, "extra_snaps", new XmlRpcArray(["a\0"]), "'extra_snaps' has a control character"),
        Row(Launchpad, "image_targets", new XmlRpcArray(Enumerable.Repeat<XmlRpcValue>("x", 1001)), "has 1001 entries"),
        Row(Launchpad, "debug", "yes", "'debug' should be a boolean"),
        Row(Launchpad, "image_tool", "debootstick", "it has to be one of live-build, mmdebstrap"),
        Row(Launchpad, "config_ref", "main", "goes with 'config_branch', which is missing"),
        Row(Launchpad, "lb_options", new XmlRpcArray(["--x"]), "goes with 'config_branch'"),
        Row(Launchpad, "environment", Variable("BOARD", "x"), "goes with 'config_branch'"),
        Row(Branch, "config_branch", "", "no URL that begins with"),
        Row(Branch, "config_branch", "ext::sh -c secret", "has a blank"),
        Row(Branch, "config_branch", "ext::secret", "no URL that begins with"),
        Row(Branch, "config_branch", "ssh://secret@git.test/b", "no URL that begins with"),
        Row(Branch, "config_branch", "--upload-pack=secret", "no URL that begins with"),
        Row(Branch, "config_branch", "https://u:secret@/b", "no proper URL"),
        Row(Branch, "config_branch", "https://u:secret@git.test/b#x", "no proper URL"),
        Row(Branch, "config_branch", "https://git.test/" + new string('x', 2000), "more than 2000 characters"),
        Row(Branch, "config_branch", "file:///etc", "may not be taken from"),
        Row(Branch, "config_branch", "file:///srv/gitother", "may not be taken from"),
        Row(Branch, "config_branch", "file:///srv/git/../../etc", "without '..'"),
        Row(Branch, "config_branch", "file:///srv/git/%2e%2e/x", "without '..' and '%'"),
        Row(Branch, "config_branch", "file://host/srv/git", "no full path"),
        Row(Branch, "config_ref", "", "no name of a branch"),
        Row(Branch, "config_ref", "--all", "no name of a branch"),
        Row(Branch, "config_ref", "a..b", "no name of a branch"),
        Row(Branch, "config_ref", "main^{/x}", "no name of a branch"),
        Row(Branch, "config_ref", "a\nb", "no name of a branch"),
        Row(Branch, "config_path", "../x", "no path of a folder"),
        Row(Branch, "config_path", "a/../../x", "no path of a folder"),
        Row(Branch, "config_path", "/etc", "no path of a folder"),
        Row(Branch, "config_path", "a//b", "no path of a folder"),
        Row(Branch, "config_path", "-x", "no path of a folder"),
        Row(Branch, "config_path", ".git", "no path of a folder"),
        Row(Branch, "lb_options", new XmlRpcArray(["a\nb"]), "'lb_options' has a control character"),
        Row(Branch, "lb_options", new XmlRpcArray([new string('x', 4097)]), "more than 4096 characters"),
        Row(Branch, "environment", "A=b", "'environment' should be a struct"),
        Row(Branch, "environment", Variable("BOARD", 1), "each member of the argument 'environment' should be a string"),
        Row(Branch, "environment", Variable("OTHER", "x"), "the variable 'OTHER', which may not be set"),
        Row(Branch, "environment", Variable("LB_;reboot", "x"), "which may not be set"),
        Row(Branch, "environment", Variable("BOARD", "a\nb"), "has a control character"),
        Row(Branch, "environment", Variable("BOARD", new string('x', 4097)), "has a value of 4097 characters"),
        Row(Debian, "image_format", "iso", "it has to be one of squashfs, tar"),
        Row(Debian, "variant", "--x", "it has to be one of minbase"),
        Row(Debian, "packages", new XmlRpcArray(["?essential"]), "no name of a package"),
        Row(Debian, "packages", new XmlRpcArray(["./x.deb"]), "no name of a package"),
        Row(Debian, "packages", new XmlRpcArray(["a,b"]), "no name of a package"),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_is_missing_wrong_or_hostile_is_refused_with_the_reason(
        XmlRpcStruct good, string name, XmlRpcValue value, string reason) =>
        Assert.That(
            () => Prepare(With(good, name, value)),
            Throws.TypeOf<RefusedException>().With.Message.Contains(reason).And.Message.Not.Contains("secret")
                .And.Message.Not.Contains("\n"));

    [TestCase("LD_PRELOAD")]
    [TestCase("PATH")]
    [TestCase("BASH_ENV")]
    [TestCase("GIT_CONFIG_GLOBAL")]
    [TestCase("1A")]
    [TestCase("")]
    public void Some_variables_are_never_set_whatever_the_configuration_says(string name) =>
        Assert.That(
            () => LiveFsBackend.Prepare(Request(With(Branch, "environment", Variable(name, "x"))), new LiveFsOptions()),
            Throws.TypeOf<RefusedException>().With.Message.Contains("may not be set"));

    [Test]
    public void Launchpads_arguments_are_variables_of_lb_in_the_references_order()
    {
        var (_, prepared) = Prepare(new XmlRpcStruct(Launchpad.Concat(new XmlRpcStruct
        {
            ["subarch"] = "s1",
            ["subproject"] = "s2",
            ["datestamp"] = "20240501",
            ["image_format"] = "ext4",
            ["extra_ppas"] = new XmlRpcArray(["a/b", "c/d"]),
            ["extra_snaps"] = new XmlRpcArray(["core", "lxd"]),
            ["channel"] = "edge",
            ["image_targets"] = new XmlRpcArray(["one", "two"]),
            ["repo_snapshot_stamp"] = "r",
            ["snapshot_service_timestamp"] = "t",
            ["cohort-key"] = "k",
            ["unheard_of"] = 1,
        })));
        var build = (LaunchpadBuild)prepared;

        var commands = build.Commands(Prepare(With(Launchpad, "datestamp", "20240501")).Image).ToList();

        Assert.That(commands.Select(command => command.ToString()), Is.EqualTo(new[] { "lb clean --purge", "lb config", "lb build" }));
        Assert.That(commands.Select(command => command.WorkingDirectory), Is.All.EqualTo("/build"));
        Assert.That(Variables(commands[1]), Is.EquivalentTo(new[]
        {
            "LANG=C.UTF-8", "SHELL=/bin/sh", "SOURCE_DATE_EPOCH=1714521600", "PROJECT=ubuntu-server", "ARCH=amd64", "SUITE=noble",
            "NOW=20240501", "SUBPROJECT=s2",
            "SUBARCH=s1", "IMAGEFORMAT=ext4", "PROPOSED=1", "EXTRA_PPAS=a/b c/d", "EXTRA_SNAPS=core lxd", "CHANNEL=edge",
            "IMAGE_TARGETS=one two",
            "REPO_SNAPSHOT_STAMP=r", "SNAPSHOT_SERVICE_TIMESTAMP=t", "COHORT_KEY=k",
        }));
        Assert.That(Variables(commands[2]), Is.EquivalentTo(new[]
        {
            "LANG=C.UTF-8", "SHELL=/bin/sh", "SOURCE_DATE_EPOCH=1714521600", "PROJECT=ubuntu-server", "ARCH=amd64", "SUBPROJECT=s2",
            "SUBARCH=s1", "CHANNEL=edge",
            "IMAGE_TARGETS=one two", "REPO_SNAPSHOT_STAMP=r", "SNAPSHOT_SERVICE_TIMESTAMP=t", "COHORT_KEY=k",
        }));
    }

    [Test]
    public void What_Launchpad_does_not_say_is_no_variable()
    {
        var (image, build) = Prepare(With(Launchpad, "pocket", "release"));

        Assert.That(Variables(((LaunchpadBuild)build).Commands(image).ElementAt(1)), Is.EquivalentTo(
            new[] { "LANG=C.UTF-8", "SHELL=/bin/sh", "PROJECT=ubuntu-server", "ARCH=amd64", "SUITE=noble" }));
    }

    [Test]
    public void A_locale_is_built_with_ubuntu_defaults_image()
    {
        var (image, build) = Prepare(With(Launchpad, "locale", "zh_CN"));

        Assert.That(((LaunchpadBuild)build).Arguments.Locale, Is.EqualTo("zh_CN"));
        Assert.That(
            LaunchpadBuild.DefaultsImage(image, "zh_CN")
                .ToString(), Is.EqualTo("ubuntu-defaults-image --locale zh_CN --arch amd64 --release noble"));
    }

    [Test]
    public void A_branch_is_all_that_its_arguments_say()
    {
        var (image, build) = Prepare(new XmlRpcStruct(Branch.Concat(new XmlRpcStruct
        {
            ["config_ref"] = "release/1.0",
            ["config_path"] = "boards/one/",
            ["lb_options"] = new XmlRpcArray(["--iso-volume", "$(reboot); x"]),
            ["environment"] = new XmlRpcStruct { ["BOARD"] = "it's", ["LB_X"] = "" },
        })));

        var arguments = ((BranchBuild)build).Arguments;
        Assert.That(
            (arguments.Branch.Public, arguments.Ref, arguments.Path), Is.EqualTo(("https://git.test/b.git", "release/1.0", "boards/one")));
        var commands = ((BranchBuild)build).Commands(image).ToList();
        Assert.That(commands[1].Arguments, Is.EqualTo(new[] { "config", "--iso-volume", "$(reboot); x" }), "no shell reads it");
        Assert.That(Variables(commands[2]), Is.EquivalentTo(
            new[] { "LANG=C.UTF-8", "SHELL=/bin/sh", "PROJECT=board", "ARCH=riscv64", "SUITE=trixie", "BOARD=it's", "LB_X=" }));
    }

    [TestCase("https://git.test/b.git", "https://git.test/b.git", "")]
    [TestCase("http://u:p%40ss@git.test:8080/b?x", "http://git.test:8080/b?x", "http://u:p%40ss@git.test:8080")]
    [TestCase("https://token@git.test", "https://git.test", "https://token:@git.test")]
    [TestCase("https://a@b:c@git.test/x@y", "https://git.test/x@y", "https://a@b:c@git.test")]
    public void Credentials_are_parted_from_the_url(string text, string url, string credentials)
    {
        var branch = BranchUrl.Parse(text, Options);

        Assert.That((branch.Public, branch.Credentials, branch.Folder), Is.EqualTo((url, credentials, (string?)null)));
        Assert.That(branch.ToString(), Is.EqualTo(url));
    }

    [TestCase("file:///srv/git")]
    [TestCase("file:///srv/git/boards/one.git/")]
    public void A_folder_that_the_configuration_allows_is_taken(string url) =>
        Assert.That(BranchUrl.Parse(url, Options).Folder, Is.EqualTo(url["file://".Length..].TrimEnd('/')));

    [TestCase("https://git.test/b", true)]
    [TestCase("https://u:p@git.test/b", true)]
    [TestCase("https://git.test@evil.test/b", false)]
    [TestCase("https://evil.test/git.test", false)]
    public void Only_hosts_of_the_configuration_are_asked(string url, bool isAllowed)
    {
        Assert.That(HostPattern.TryParse("git.test", out var host));
        var options = Options with { BranchHosts = [host!] };

        Assert.That(
            () => BranchUrl.Parse(url, options), isAllowed ? Throws.Nothing : Throws.TypeOf<RefusedException>()
                .With.Message.Contains("no branches may be fetched"));
    }

    [Test]
    public void Mmdebstrap_is_told_all_of_it_and_nothing_reads_it_as_shell()
    {
        var (image, build) = Prepare(new XmlRpcStruct(Debian.Concat(new XmlRpcStruct
        {
            ["datestamp"] = "20240501",
            ["image_format"] = "tar.xz",
            ["packages"] = new XmlRpcArray(["vim-tiny", "libc6:amd64"]),
        })));

        var make = ((MmdebstrapBuild)build).Make(image);

        Assert.That(
            make.Arguments, Does.Contain("/build/livecd.root").And.Contain("tar.xz").And.Contain("--include=vim-tiny,libc6:amd64")
                .And.Contain("--variant=minbase").And.Contain("--architectures=riscv64"));
        Assert.That(make.Environment["SOURCE_DATE_EPOCH"], Is.EqualTo("1714521600"));
    }

    private static NamePattern Pattern(string text) =>
        NamePattern.TryParse(text, out var pattern) ? pattern : throw new ArgumentException(text);

    private static XmlRpcStruct Variable(string name, XmlRpcValue value) => new() { [name] = value };

    private static IEnumerable<string> Variables(Buildd.Linux.Processes.Command command) =>
        command.Environment.Select(variable => $"{variable.Key}={variable.Value}");

    private static TestCaseData Row(XmlRpcStruct good, string name, XmlRpcValue value, string reason) =>
        new TestCaseData(good, name, value, reason).SetArgDisplayNames(name, reason, string.Concat(value.ToString()?.Take(40) ?? []));

    private static XmlRpcStruct With(XmlRpcStruct good, string name, XmlRpcValue value) =>
        new(good.Where(member => member.Key != name).Append(KeyValuePair.Create(name, value)));

    private static (ImageArguments Image, IImageBuild Build) Prepare(XmlRpcStruct arguments) =>
        LiveFsBackend.Prepare(Request(arguments), Options);

    private static BuildRequest Request(XmlRpcStruct arguments) => new()
    {
        BuildId = "1",
        ChrootPath = "/cache/x",
        Files = new Dictionary<string, string>(),
        Arguments = arguments,
        DefaultArchitecture = "riscv64",
    };
}
