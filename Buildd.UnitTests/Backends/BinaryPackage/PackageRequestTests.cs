using Buildd.Backends.BinaryPackage;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

[Parallelizable(ParallelScope.All)]
public sealed class PackageRequestTests
{
    private const string Names = "which is no name of a suite or an architecture";

    private static readonly XmlRpcStruct Good = new()
    {
        ["series"] = "trixie",
        ["suite"] = "trixie-security",
        ["ogrecomponent"] = "main",
    };

    private static IEnumerable<TestCaseData> Refused =>
    [
        Row("suite", XmlRpcNil.Instance, "the argument 'suite' is missing"),
        Row("ogrecomponent", XmlRpcNil.Instance, "the argument 'ogrecomponent' is missing"),
        Row("series", 12, "'series' should be a string"),
        Row("suite", new XmlRpcArray(["trixie"]), "'suite' should be a string"),
        Row("arch_tag", true, "'arch_tag' should be a string"),
        Row("build_url", 1, "'build_url' should be a string"),
        Row("archive_purpose", 1, "'archive_purpose' should be a string"),
        Row("arch_indep", "yes", "'arch_indep' should be a boolean"),
        Row("build_debug_symbols", 1.0, "'build_debug_symbols' should be a boolean"),
        Row("archives", "deb http://d trixie main", "'archives' should be an array of strings"),
        Row("archives", new XmlRpcArray([1]), "each item of the argument 'archives' should be a string"),
        Row("trusted_keys", "AAAA", "'trusted_keys' should be an array of strings"),
        Row("trusted_keys", new XmlRpcArray([new byte[] { 1 }]), "each item of the argument 'trusted_keys' should be a string"),
        Row("trusted_keys", new XmlRpcArray(["AAAA", "*"]), "entry 2 of the argument 'trusted_keys' is not base64"),
        Row(
            "archives", new XmlRpcArray(["deb http://u:secret@d trixie"]),
            "line 1 of the argument 'archives' is no line of a sources.list: there are no components"),
        Row("provenance", "yes", "'provenance' should be a boolean"),
        Row("image_type", 1, "'image_type' should be a string"),
        Row("image_type", "../x", Names),
        Row("archive_private", "yes", "'archive_private' should be a boolean"),
        Row("fast_cleanup", 1.0, "'fast_cleanup' should be a boolean"),
        Row("builder_constraints", "gpu-nvidia", "'builder_constraints' should be an array of strings"),
        Row("builder_constraints", new XmlRpcArray(["a\nb"]), "'builder_constraints' has a control character in it"),
        Row("series", "", Names),
        Row("suite", "", Names),
        Row("suite", "../etc", Names),
        Row("suite", "a b", Names),
        Row("suite", "-rf", Names),
        Row("suite", "--chroot=x", Names),
        Row("suite", "a;reboot", Names),
        Row("suite", "a\nb", Names),
        Row("suite", "trüb", Names),
        Row("arch_tag", "", Names),
        Row("arch_tag", "../amd64", Names),
        Row("arch_tag", ".amd64", Names),
        Row("ogrecomponent", "main\nSuite: other", "the argument 'ogrecomponent' has a control character in it"),
        Row("archive_purpose", "PRIMARY\0", "the argument 'archive_purpose' has a control character in it"),
        Row("build_url", "http://m/\r\n1", "the argument 'build_url' has a control character in it"),
        Row(
            "archives", new XmlRpcArray(["deb http://u:secret@d trixie main", "deb http://u:secret@d\ndeb http://evil x main"]),
            "line 2 of the argument 'archives'"),
        Row("archives", new XmlRpcArray(["nonsense secret"]), "line 1 of the argument 'archives'"),
        Row("archives", new XmlRpcArray(["", "# deb http://d trixie main", "deb"]), "line 3 of the argument 'archives'"),
        Row("archives", new XmlRpcArray(Enumerable.Repeat<XmlRpcValue>("deb http://d t main", 1001)), "has 1001 lines"),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_is_missing_wrong_or_hostile_is_refused_with_the_reason(string name, XmlRpcValue value, string reason) =>
        Assert.That(
            () => Parse(With(name, value)),
            Throws.TypeOf<RefusedException>().With.Message.Contains(reason).And.Message.Not.Contains("secret")
                .And.Message.Not.Contains("\n"));

    [Test]
    public void The_least_that_can_be_said_gets_the_defaults()
    {
        var package = Parse(Good);

        Assert.Multiple(() =>
        {
            Assert.That(package.Dsc, Is.EqualTo("hello_1.dsc"));
            Assert.That(package.System.Architecture, Is.EqualTo("riscv64"));
            Assert.That(package.System.Series, Is.EqualTo("trixie"));
            Assert.That(package.Suite, Is.EqualTo("trixie-security"));
            Assert.That(package.Arguments.Component, Is.EqualTo("main"));
            Assert.That(package.Purpose, Is.EqualTo("None"));
            Assert.That(package.System.Archives, Is.Null);
            Assert.That(package.System.TrustedKeys, Is.Empty);
            Assert.That(package.Arguments.ArchIndep, Is.False);
            Assert.That(package.Arguments.BuildDebugSymbols, Is.False);
            Assert.That(package.System.BuildUrl, Is.Null);
            Assert.That(package.System.ImageType, Is.EqualTo("chroot"));
            Assert.That(package.System.FastCleanup, Is.False);
            Assert.That(package.System.BuilderConstraints, Is.Empty);
            Assert.That(package.Arguments.Provenance, Is.False);
        });
    }

    [Test]
    public void The_suite_stands_for_a_series_that_is_not_given()
    {
        var package = Parse(With("series", XmlRpcNil.Instance));

        Assert.That((package.System.Series, package.Suite), Is.EqualTo(("trixie-security", "trixie-security")));
    }

    [Test]
    public void All_that_can_be_said_is_taken()
    {
        var package = Parse(new XmlRpcStruct
        {
            ["series"] = "trixie",
            ["suite"] = "trixie",
            ["ogrecomponent"] = "non-free firmware",
            ["arch_tag"] = "amd64",
            ["archive_purpose"] = "PRIMARY",
            ["archives"] = new XmlRpcArray(["deb [signed-by=/k] http://d trixie main", "deb-src http://d trixie main"]),
            ["trusted_keys"] = new XmlRpcArray(["AQI=", "Aw=="]),
            ["arch_indep"] = true,
            ["build_debug_symbols"] = true,
            ["build_url"] = "https://farm.test/builds/1",
            ["image_type"] = "lxd",
            ["archive_private"] = true,
            ["fast_cleanup"] = true,
            ["builder_constraints"] = new XmlRpcArray(["gpu-nvidia"]),
            ["provenance"] = true,
            ["unheard_of"] = new XmlRpcStruct(),
        });

        Assert.Multiple(() =>
        {
            Assert.That(package.System.Architecture, Is.EqualTo("amd64"));
            Assert.That(package.Arguments.Component, Is.EqualTo("non-free firmware"));
            Assert.That(package.Purpose, Is.EqualTo("PRIMARY"));
            Assert.That(package.System.Archives, Has.Count.EqualTo(2));
            Assert.That(package.System.TrustedKeys.Select(key => Convert.ToHexString(key.Span)), Is.EqualTo(new[] { "0102", "03" }));
            Assert.That(package.Arguments.ArchIndep);
            Assert.That(package.Arguments.BuildDebugSymbols);
            Assert.That(package.System.BuildUrl, Is.EqualTo("https://farm.test/builds/1"));
            Assert.That(package.System.ImageType, Is.EqualTo("lxd"));
            Assert.That(package.System.FastCleanup);
            Assert.That(package.System.BuilderConstraints, Is.EqualTo((string[])["gpu-nvidia"]));
            Assert.That(package.Arguments.Provenance);
        });
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    public void Older_masters_send_numbers_for_booleans(int number, bool flag) =>
        Assert.That(Parse(With("arch_indep", number)).Arguments.ArchIndep, Is.EqualTo(flag));

    [TestCase("archive_purpose")]
    [TestCase("arch_tag")]
    [TestCase("archives")]
    [TestCase("trusted_keys")]
    [TestCase("arch_indep")]
    [TestCase("build_url")]
    [TestCase("builder_constraints")]
    [TestCase("image_type")]
    [TestCase("fast_cleanup")]
    public void Nil_is_not_given(string name) => Assert.That(() => Parse(With(name, XmlRpcNil.Instance)), Throws.Nothing);

    [Test]
    public void Comments_and_blank_lines_are_passed_over_as_apt_does()
    {
        var archives = Parse(With("archives", new XmlRpcArray(
            ["deb http://d trixie main # local", "", " \t", "# deb http://other trixie main", "deb http://d/flat ./ # flat"])))
            .System.Archives;

        Assert.That(archives!.Select(line => line.Text), Is.EqualTo((string[])["deb http://d trixie main", "deb http://d/flat ./"]));
        Assert.That(archives!.Select(line => line.Components.Count), Is.EqualTo((int[])[1, 0]));
        Assert.That(Parse(With("archives", new XmlRpcArray(["# none"]))).System.Archives, Is.Not.Null.And.Empty);
    }

    [Test]
    public void No_archives_are_not_the_same_as_an_empty_list() =>
        Assert.That(Parse(With("archives", new XmlRpcArray([]))).System.Archives, Is.Not.Null.And.Empty);

    [Test]
    public void Of_several_dsc_files_the_last_counts() =>
        Assert.That(Parse(Good, "a_1.dsc", "b_1.dsc", "b_1.tar.gz").Dsc, Is.EqualTo("b_1.dsc"));

    [TestCase("hello_1.tar.gz", "none of the files is a .dsc")]
    [TestCase("hello_1.DSC", "none of the files is a .dsc")]
    [TestCase("-hello_1.dsc", "option")]
    public void Without_a_usable_dsc_there_is_nothing_to_build(string file, string reason) =>
        Assert.That(() => Parse(Good, file), Throws.TypeOf<RefusedException>().With.Message.Contains(reason));

    [Test]
    public void The_backend_looks_at_the_arguments_before_it_takes_a_build()
    {
        var backend = new BinaryPackageBackend(new BinaryPackageOptions());

        Assert.That(backend.Tag, Is.EqualTo("binarypackage"));
        Assert.That(() => backend.Prepare(Request(new XmlRpcStruct(), "hello_1.dsc")), Throws.TypeOf<RefusedException>());
        Assert.That(backend.Prepare(Request(Good, "hello_1.dsc")), Is.Not.Null);
    }

    [TestCase(".sbuildrc")]
    [TestCase("chroot-autobuild")]
    public void An_input_may_not_stand_where_the_build_puts_something_of_its_own(string name) =>
        Assert.That(
            () => Parse(Good, name, "hello_1.dsc"),
            Throws.TypeOf<RefusedException>().With.Message.Contains(name));

    private static TestCaseData Row(string name, XmlRpcValue value, string reason) => new(name, value, reason);

    private static XmlRpcStruct With(string name, XmlRpcValue value) => new(Good.Append(KeyValuePair.Create(name, value)));

    private static PackageRequest Parse(XmlRpcStruct arguments, params string[] files) =>
        PackageRequest.Parse(Request(arguments, files.Length > 0 ? files : ["hello_1.tar.gz", "hello_1.dsc"]));

    private static BuildRequest Request(XmlRpcStruct arguments, params string[] files)
    {
        var map = new OrderedDictionary<string, string>();
        foreach (var name in files)
            map[name] = "/cache/" + name;
        return new BuildRequest
        {
            BuildId = "PACKAGEBUILD-22",
            ChrootPath = "/cache/chroot",
            Files = map,
            Arguments = arguments,
            DefaultArchitecture = "riscv64",
        };
    }
}
