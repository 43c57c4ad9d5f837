using Buildd.Farm;
using Buildd.Farm.Archives;
using Buildd.Farm.Builds;
using Buildd.Farm.LiveFilesystems;
using Buildd.Protocol.XmlRpc;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Builds;

[Parallelizable(ParallelScope.All)]
public sealed class LiveFsDispatchTests
{
    private static readonly string[] Lines = ["deb http://archive.example/debian unstable main"];

    /// <summary>The dictionary that the proposal which the farm was founded on tests for.</summary>
    [Test]
    public void A_slave_of_2014_gets_these_arguments_and_no_others() => Assert.That(
        Flat(LiveFsDispatch.ArgumentsOf2014(Make("""{"project":"distro"}"""))),
        Is.EquivalentTo(new Dictionary<string, string>
        {
            ["archive_private"] = "False",
            ["archives"] = Lines[0],
            ["arch_tag"] = "i386",
            ["datestamp"] = "20140425-103800",
            ["project"] = "distro",
            ["suite"] = "unstable",
        }));

    [TestCase("release", "unstable")]
    [TestCase("proposed", "unstable-proposed")]
    [TestCase("security", "unstable-security")]
    public void The_suite_of_2014_is_series_and_pocket(string pocket, string suite) => Assert.That(
        Flat(LiveFsDispatch.ArgumentsOf2014(Make("{}") with { Pocket = PocketNames.Parse(pocket)!.Value }))["suite"], Is.EqualTo(suite));

    [Test]
    public void A_slave_of_today_gets_these_arguments_and_no_others() => Assert.That(
        Flat(LiveFsDispatch.Arguments(Make("""{"project":"distro","subproject":"minimized","own":["a","b"]}""")).ToXmlRpc()),
        Is.EquivalentTo(new Dictionary<string, string>
        {
            ["archive_private"] = "False",
            ["archives"] = Lines[0],
            ["arch_tag"] = "i386",
            ["datestamp"] = "20140425-103800",
            ["project"] = "distro",
            ["subproject"] = "minimized",
            ["own"] = "a, b",
            ["series"] = "unstable",
            ["pocket"] = "release",
        }));

    [Test]
    public void The_request_wins_over_the_live_filesystem()
    {
        var arguments = LiveFsDispatch.Arguments(
            Make("""{"project":"distro","subproject":"minimized"}""") with { Override = """{"subproject":"canary","debug":true}""" });

        Assert.That((arguments.Project, arguments.SubProject, arguments.Debug), Is.EqualTo(("distro", "canary", true)));
    }

    [Test]
    public void The_project_is_called_like_the_live_filesystem_unless_told_otherwise() =>
        Assert.That(LiveFsDispatch.Arguments(Make("{}")).Project, Is.EqualTo("desktop"));

    [Test]
    public void What_the_farm_says_wins_over_all([Values] bool inOverride)
    {
        const string Hostile =
            """
            {"series":"sid","suite":"sid","pocket":"proposed","arch_tag":"m68k","datestamp":"1","archives":["deb http://evil/ x y"],
             "archive_private":true,"trusted_keys":["x"],"fast_cleanup":true,"builder_constraints":["gpu"],"build_url":"http://evil/"}
            """;
        var dispatch = inOverride ? Make("{}") with { Override = Hostile } : Make(Hostile);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                Flat(LiveFsDispatch.Arguments(dispatch).ToXmlRpc()),
                Is.EquivalentTo(Flat(LiveFsDispatch.Arguments(Make("{}")).ToXmlRpc())));
            Assert.That(
                Flat(LiveFsDispatch.ArgumentsOf2014(dispatch)), Is.EquivalentTo(Flat(LiveFsDispatch.ArgumentsOf2014(Make("{}")))));
        }
    }

    [TestCase("""{"project":7}""")]
    [TestCase("""{"extra_ppas":"one"}""")]
    [TestCase("""{"big":5000000000}""")]
    [TestCase("""{"half":0.5}""")]
    [TestCase("""{"nothing":null}""")]
    public void What_no_slave_understands_is_said_when_it_is_asked_for(string metadata) => Assert.That(
        () => LiveFsDispatch.Arguments(Make(metadata)),
        Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));

    private static LiveFsDispatch Make(string metadata) => new()
    {
        LiveFs = new LiveFs
        {
            Registrant = 1,
            Owner = 1,
            Series = 1,
            Name = "desktop",
            Metadata = metadata,
            Created = default,
            Modified = default,
        },
        Override = "{}",
        Series = "unstable",
        ArchTag = "i386",
        Pocket = Pocket.Release,
        Version = "20140425-103800",
        Lines = Lines,
        IsPrivate = false,
    };

    private static Dictionary<string, string> Flat(XmlRpcStruct arguments) =>
        arguments.ToDictionary(argument => argument.Key, argument => Flat(argument.Value));

    private static string Flat(XmlRpcValue value) => value switch
    {
        XmlRpcString text => text.Value,
        XmlRpcBoolean flag => flag.Value.ToString(),
        XmlRpcArray array => string.Join(", ", array.Select(Flat)),
        _ => value.ToString()!,
    };
}
