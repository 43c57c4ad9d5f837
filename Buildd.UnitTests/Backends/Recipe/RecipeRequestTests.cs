using Buildd.Backends.Recipe;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Recipe;

[Parallelizable(ParallelScope.All)]
public sealed class RecipeRequestTests
{
    private static readonly XmlRpcStruct Good = new()
    {
        ["series"] = "bookworm",
        ["suite"] = "bookworm",
        ["ogrecomponent"] = "universe",
        ["archive_purpose"] = "PPA",
        ["recipe_text"] = "# git-build-recipe format 0.4 deb-version 1\nhttp://git.example/x master\n",
        ["author_name"] = "Jane \"J\" Doe",
        ["author_email"] = "jane@example.org",
        ["git"] = true,
    };

    private static IEnumerable<TestCaseData> Refused =>
    [
        Row("series", 1, "'series' should be a string"),
        Row("suite", XmlRpcNil.Instance, "the argument 'suite' is missing"),
        Row("suite", "--safe", "which is no name of a suite"),
        Row("ogrecomponent", XmlRpcNil.Instance, "the argument 'ogrecomponent' is missing"),
        Row("archive_purpose", XmlRpcNil.Instance, "the argument 'archive_purpose' is missing"),
        Row("archive_purpose", "PPA\nSuite: x", "has a control character in it"),
        Row("author_name", XmlRpcNil.Instance, "the argument 'author_name' is missing"),
        Row("author_name", "Jane\nMallory", "has a control character in it"),
        Row("author_email", "a@b\0", "has a control character in it"),
        Row("recipe_text", XmlRpcNil.Instance, "the argument 'recipe_text' is missing"),
        Row("recipe_text", new XmlRpcArray(["x"]), "'recipe_text' should be a string"),
        Row("recipe_text", "a\0b", "has a NUL in it"),
        Row("recipe_text", new string('x', RecipeRequest.MaxRecipeBytes + 1), "is longer than 1048576 bytes"),
        Row("git", "yes", "'git' should be a boolean"),
    ];

    [TestCaseSource(nameof(Refused))]
    public void What_is_missing_wrong_or_hostile_is_refused_with_the_reason(string name, XmlRpcValue value, string reason) =>
        Assert.That(() => Parse(With(name, value)), Throws.TypeOf<RefusedException>().With.Message.Contains(reason));

    [Test]
    public void All_that_a_master_can_say_is_taken_over()
    {
        var (arguments, system) = Parse(Good);

        Assert.That(system.Series, Is.EqualTo("bookworm"));
        Assert.That(
            (arguments.Suite, arguments.Component, arguments.ArchivePurpose, arguments.AuthorName, arguments.AuthorEmail, arguments.Git),
            Is.EqualTo(("bookworm", "universe", "PPA", "Jane \"J\" Doe", "jane@example.org", true)));
    }

    [Test]
    public void A_recipe_is_one_of_Bazaar_unless_the_master_says_otherwise() =>
        Assert.That(Parse(With("git", XmlRpcNil.Instance)).Arguments.Git, Is.False);

    private static TestCaseData Row(string name, XmlRpcValue value, string reason) => new(name, value, reason);

    private static XmlRpcStruct With(string name, XmlRpcValue value) =>
        new(Good.Where(member => member.Key != name).Append(new(name, value)));

    private static RecipeRequest Parse(XmlRpcStruct arguments) => RecipeRequest.Parse(new BuildRequest
    {
        BuildId = "RECIPEBRANCHBUILD-1",
        Files = new Dictionary<string, string>(),
        ChrootPath = "/cache/0",
        Arguments = arguments,
        DefaultArchitecture = "amd64",
    });
}
