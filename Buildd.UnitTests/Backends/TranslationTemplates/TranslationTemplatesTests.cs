using Buildd.Backends.TranslationTemplates;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.TranslationTemplates;

[Parallelizable(ParallelScope.All)]
public sealed class TranslationTemplatesTests
{
    private static IEnumerable<TestCaseData> Refused =>
    [
        new TestCaseData(new XmlRpcStruct(), "one of the arguments 'git_repository', 'branch' and 'branch_url' has to be there"),
        new TestCaseData(new XmlRpcStruct { ["branch"] = XmlRpcNil.Instance }, "one of the arguments"),
        new TestCaseData(new XmlRpcStruct { ["branch"] = 1 }, "'branch' should be a string"),
        new TestCaseData(new XmlRpcStruct { ["branch"] = "" }, "the argument 'branch' is no address"),
        new TestCaseData(new XmlRpcStruct { ["branch"] = "--help" }, "the argument 'branch' is no address"),
        new TestCaseData(new XmlRpcStruct { ["git_repository"] = "-u x" }, "the argument 'git_repository' is no address"),
        new TestCaseData(new XmlRpcStruct { ["git_repository"] = "http://u:p@h/x\ny" }, "the argument 'git_repository' is no address"),
        new TestCaseData(new XmlRpcStruct { ["git_repository"] = new string('x', 2001) }, "the argument 'git_repository' is no address"),
        new TestCaseData(
            new XmlRpcStruct { ["git_repository"] = "http://h/x", ["git_path"] = "--upload-pack=x" },
            "the argument 'git_path' is no address"),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_is_missing_wrong_or_hostile_is_refused_without_repeating_it(XmlRpcStruct arguments, string reason) =>
        Assert.That(
            () => Parse(arguments), Throws.TypeOf<RefusedException>().With.Message.Contains(reason).And.Message.Not.Contain("u:p@h"));

    [Test]
    public void A_repository_wins_over_a_branch()
    {
        var arguments = Parse(new XmlRpcStruct { ["branch_url"] = "lp:x", ["git_repository"] = "http://h/x", ["git_path"] = "main" });

        Assert.That((arguments.Address, arguments.GitPath, arguments.IsGit), Is.EqualTo(("http://h/x", "main", true)));
    }

    [Test]
    public void A_branch_is_one_of_Bazaar()
    {
        var arguments = Parse(new XmlRpcStruct { ["branch"] = XmlRpcNil.Instance, ["branch_url"] = "lp:x" });

        Assert.That((arguments.Address, arguments.GitPath, arguments.IsGit), Is.EqualTo(("lp:x", (string?)null, false)));
    }

    [TestCase("GETTEXT_PACKAGE=foo", null, null, null, "foo", TestName = "configure_ac_names_it")]
    [TestCase("GETTEXT_PACKAGE=\"foo\"  # the domain", null, null, null, "foo", TestName = "Quotes_and_comments_are_no_part_of_it")]
    [TestCase(null, "GETTEXT_PACKAGE='old'", "GETTEXT_PACKAGE = made", null, "old", TestName = "configure_in_comes_before_the_makefile")]
    [TestCase(
        "AC_INIT([x], [1])", null, "GETTEXT_PACKAGE = made", "DOMAIN = vars", "made", TestName = "The_makefile_comes_before_Makevars")]
    [TestCase(null, null, null, "# DOMAIN = no\nDOMAIN = vars", "vars", TestName = "Makevars_names_it")]
    [TestCase("PACKAGE=app\nGETTEXT_PACKAGE=$PACKAGE", null, null, null, "app", TestName = "A_variable_of_the_shell_is_put_in")]
    [TestCase("PACKAGE=app\nGETTEXT_PACKAGE=$PACKAGE-2.0", null, null, null, "app-2.0", TestName = "A_variable_may_be_a_part")]
    [TestCase(
        "PACKAGE=app", null, "GETTEXT_PACKAGE = @PACKAGE@", null, "app",
        TestName = "A_variable_of_configure_is_looked_for_in_the_other_files")]
    [TestCase(null, null, null, "PACKAGE = app\nDOMAIN = $(PACKAGE)", "app", TestName = "A_variable_of_make_is_put_in")]
    [TestCase(
        "AC_INIT([my-app], [1.0])\nGETTEXT_PACKAGE=AC_PACKAGE_NAME", null, null, null, "my-app",
        TestName = "The_name_of_the_package_is_in_AC_INIT")]
    [TestCase(
        "AC_INIT(my-app, 1.0)\nGETTEXT_PACKAGE=$PACKAGE_NAME", null, null, null, "my-app",
        TestName = "The_name_of_the_package_needs_no_brackets")]
    [TestCase("A=$B\nB=c\nGETTEXT_PACKAGE=$A", null, null, null, null, TestName = "Only_one_level_is_put_in")]
    [TestCase("GETTEXT_PACKAGE=$NOWHERE", null, null, null, null, TestName = "A_variable_that_nobody_sets_names_nothing")]
    [TestCase("GETTEXT_PACKAGE=../../etc/passwd", null, null, null, null, TestName = "A_path_is_no_domain")]
    [TestCase("GETTEXT_PACKAGE=-rf", null, null, null, null, TestName = "An_option_is_no_domain")]
    [TestCase("GETTEXT_PACKAGE=a;reboot", null, null, null, null, TestName = "A_command_is_no_domain")]
    [TestCase("GETTEXT_PACKAGE=", null, null, null, null, TestName = "Nothing_is_no_domain")]
    [TestCase(null, null, null, null, null, TestName = "Without_files_there_is_no_domain")]
    public void The_domain_is_found(string? configureAc, string? configureIn, string? makefile, string? makevars, string? domain) =>
        Assert.That(TranslationDomain.Find([configureAc, configureIn, makefile, makevars]), Is.EqualTo(domain));

    [Test]
    public void A_file_that_is_made_to_be_slow_is_not()
    {
        var hostile =
            string.Concat(Enumerable.Repeat("AC_INIT([", 50_000)) + new string(' ', 100_000) + "\nGETTEXT_PACKAGE=AC_PACKAGE_NAME";

        Assert.That(TranslationDomain.Find([hostile, null, null, null]), Is.Null);
    }

    private static TemplatesRequest Parse(XmlRpcStruct arguments) => TemplatesRequest.Parse(new BuildRequest
    {
        BuildId = "TRANSLATIONTEMPLATESBUILD-1",
        Files = new Dictionary<string, string>(),
        ChrootPath = "/cache/0",
        Arguments = new XmlRpcStruct(arguments.Append(new("series", "bookworm"))),
        DefaultArchitecture = "amd64",
    });
}
