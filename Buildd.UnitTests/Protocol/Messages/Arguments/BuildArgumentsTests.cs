using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Messages.Arguments;

/// <summary>What a master writes a slave reads, argument by argument, for every kind of build.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class BuildArgumentsTests
{
    private static readonly XmlRpcArray Words = new(["one", "two"]);

    /// <summary>What is always written, with nothing but what is required.</summary>
    private static readonly Dictionary<string, (Func<XmlRpcStruct, BuildArguments> Read, XmlRpcStruct Least)> Kinds = new()
    {
        ["binarypackage"] = (arguments => BinaryPackageArguments.FromXmlRpc(arguments, "riscv64"), new XmlRpcStruct
        {
            ["series"] = "trixie",
            ["suite"] = "trixie-security",
            ["ogrecomponent"] = "main",
            ["archive_purpose"] = "PRIMARY",
            ["arch_indep"] = false,
            ["build_debug_symbols"] = false,
            ["arch_tag"] = "amd64",
            ["archive_private"] = false,
        }),
        ["sourcepackagerecipe"] = (arguments => RecipeArguments.FromXmlRpc(arguments, "riscv64"), new XmlRpcStruct
        {
            ["series"] = "trixie",
            ["suite"] = "trixie",
            ["ogrecomponent"] = "universe",
            ["archive_purpose"] = "PPA",
            ["recipe_text"] = "# git-build-recipe format 0.4",
            ["author_name"] = "Ada",
            ["author_email"] = "ada@example.org",
            ["arch_tag"] = "amd64",
            ["archive_private"] = false,
        }),
        ["translation-templates"] = (arguments => TranslationTemplatesArguments.FromXmlRpc(arguments, "riscv64"), new XmlRpcStruct
        {
            ["series"] = "trixie",
            ["arch_tag"] = "amd64",
            ["archive_private"] = false,
        }),
        ["livefs"] = (arguments => LiveFsArguments.FromXmlRpc(arguments, "riscv64"), new XmlRpcStruct
        {
            ["series"] = "trixie",
            ["project"] = "board",
            ["pocket"] = "release",
            ["arch_tag"] = "amd64",
            ["archive_private"] = false,
        }),
    };

    private static readonly (string Name, XmlRpcValue Value)[] OfAll =
    [
        ("arch_tag", "i386"), ("archives", Words), ("archive_private", true), ("trusted_keys", new XmlRpcArray(["AQI=", "Aw=="])),
        ("build_url", "https://farm.test/1"), ("image_type", "lxd"), ("fast_cleanup", true), ("builder_constraints", Words),
        ("unheard_of", new XmlRpcStruct { ["a"] = 1 }),
    ];

    private static readonly Dictionary<string, (string Name, XmlRpcValue Value)[]> OfKind = new()
    {
        ["binarypackage"] =
        [
            ("suite", "trixie-proposed"), ("ogrecomponent", "contrib"), ("archive_purpose", "PPA"), ("arch_indep", true),
            ("build_debug_symbols", true), ("provenance", true),
        ],
        ["sourcepackagerecipe"] =
        [
            ("suite", "trixie-proposed"), ("ogrecomponent", "main"), ("archive_purpose", "COPY"), ("recipe_text", "x"),
            ("author_name", "Bob"), ("author_email", "bob@example.org"), ("git", true),
        ],
        ["translation-templates"] = [("git_repository", "https://git.test/x"), ("git_path", "main"), ("branch", "lp:x")],
        ["livefs"] =
        [
            ("project", "server"), ("pocket", "proposed"), ("datestamp", "20240501"), ("subarch", "raspi"), ("subproject", "minimized"),
            ("image_format", "plain"), ("locale", "de_DE"), ("extra_ppas", Words), ("extra_snaps", Words), ("channel", "edge"),
            ("image_targets", Words), ("repo_snapshot_stamp", "1"), ("snapshot_service_timestamp", "2"), ("cohort-key", "k"),
            ("debug", true), ("image_tool", "mmdebstrap"), ("config_branch", "https://git.test/b"), ("config_ref", "v1"),
            ("config_path", "a/b"), ("lb_options", Words), ("environment", new XmlRpcStruct { ["BOARD"] = "one" }),
            ("variant", "apt"), ("packages", Words),
        ],
    };

    private static IEnumerable<TestCaseData> Rows =>
        from kind in Kinds.Keys
        from row in OfAll.Concat(OfKind[kind])
        select new TestCaseData(kind, row.Name, row.Value).SetArgDisplayNames(kind, row.Name);

    private static IEnumerable<TestCaseData> KnownRows => Rows.Where(row => row.Arguments[1] is not "unheard_of");

    [TestCaseSource(nameof(Rows))]
    public void An_argument_is_read_as_it_is_written(string kind, string name, XmlRpcValue value)
    {
        var (read, least) = Kinds[kind];
        var given = new XmlRpcStruct(least.Append(new(name, value)));

        var arguments = read(given);

        AssertSame(arguments.ToXmlRpc(), given);
        Assert.That(arguments.Others.Keys, Is.EquivalentTo(name == "unheard_of" ? (string[])[name] : []), "it has a property");
    }

    [TestCaseSource(nameof(KnownRows))]
    public void An_argument_of_another_type_is_named(string kind, string name, XmlRpcValue value)
    {
        var (read, least) = Kinds[kind];

        Assert.That(
            () => read(new XmlRpcStruct(least.Append(new(name, 1.5)))),
            Throws.TypeOf<MessageFormatException>().With.Message.Contains($"the argument '{name}'").And.Message.Contains("a double"));
    }

    [TestCaseSource(nameof(Rows))]
    public void Nil_is_not_given(string kind, string name, XmlRpcValue value)
    {
        var (read, least) = Kinds[kind];
        var isRequired = name is "suite" or "ogrecomponent" or "recipe_text" or "author_name" or "author_email" or "project"
            || (name, kind) is ("archive_purpose", "sourcepackagerecipe");
        Func<BuildArguments> readNil = () => read(new XmlRpcStruct(least.Append(new(name, XmlRpcNil.Instance))));

        Assert.That(
            () => readNil(), isRequired ? Throws.TypeOf<MessageFormatException>().With.Message.EqualTo($"the argument '{name}' is missing.")
                : Throws.Nothing);
    }

    [TestCaseSource(nameof(Kinds))]
    public void What_is_required_is_all_that_is_always_written(
        KeyValuePair<string, (Func<XmlRpcStruct, BuildArguments> Read, XmlRpcStruct Least)> kind) =>
        AssertSame(kind.Value.Read(kind.Value.Least).ToXmlRpc(), kind.Value.Least);

    [Test]
    public void What_is_known_of_an_argument_wins_over_others_but_a_flag_that_is_not_set_says_nothing()
    {
        var written = new LiveFsArguments
        {
            Series = "trixie",
            ArchTag = "amd64",
            Project = "x",
            Pocket = "updates",
            Others = new XmlRpcStruct { ["pocket"] = "proposed", ["archive_private"] = true, ["fast_cleanup"] = true, ["extra"] = 1 },
        }.ToXmlRpc();

        Assert.That(
            written.Select(member => $"{member.Key}={Codec.Describe(member.Value)}"),
            Is.SupersetOf(new[]
            {
                $"pocket={Codec.Describe("updates")}", $"archive_private={Codec.Describe(true)}",
                $"fast_cleanup={Codec.Describe(true)}", $"extra={Codec.Describe(1)}",
            }));
        Assert.That(written.Select(member => member.Key), Is.Unique);
    }

    [Test]
    public void An_empty_list_of_archives_is_not_written_but_is_read()
    {
        var least = Kinds["binarypackage"].Least;
        var read = BinaryPackageArguments.FromXmlRpc(new XmlRpcStruct(least.Append(new("archives", new XmlRpcArray([])))), "amd64");

        Assert.That(read.Archives, Is.Not.Null.And.Empty);
        Assert.That(read.ToXmlRpc().ContainsKey("archives"), Is.False);
        Assert.That(BinaryPackageArguments.FromXmlRpc(least, "amd64").Archives, Is.Null);
    }

    [Test]
    public void Without_an_architecture_it_is_the_slaves_own() => Assert.That(
        LiveFsArguments.FromXmlRpc(new XmlRpcStruct { ["series"] = "trixie", ["project"] = "x" }, "riscv64").ArchTag,
        Is.EqualTo("riscv64"));

    [TestCase("trusty-proposed", "trusty", "proposed")]
    [TestCase("trusty", "trusty", "release")]
    [TestCase("trusty-Security", "trusty", "security")]
    [TestCase("jessie-kfreebsd", "jessie-kfreebsd", "release")]
    public void A_suite_alone_is_series_and_pocket_of_a_live_filesystem(string suite, string series, string pocket)
    {
        var read = LiveFsArguments.FromXmlRpc(new XmlRpcStruct { ["suite"] = suite, ["project"] = "x" }, "amd64");

        Assert.That((read.Series, read.Pocket), Is.EqualTo((series, pocket)));
    }

    private static void AssertSame(XmlRpcStruct written, XmlRpcStruct given) => Assert.That(
        written.Select(member => $"{member.Key}={Codec.Describe(member.Value)}"),
        Is.EquivalentTo(given.Select(member => $"{member.Key}={Codec.Describe(member.Value)}")));
}
