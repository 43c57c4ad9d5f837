using Buildd.Farm.Archives;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>The lines for apt of a build, as a table of pocket, component and purpose, and the order of those from elsewhere.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class AptLinesTests
{
    private const string RS = "RELEASE SECURITY";
    private const string RSU = RS + " UPDATES";

    private static readonly Archive Primary = New(1, ArchivePurpose.Primary, "main", "restricted", "universe", "multiverse", "partner");
    private static readonly Archive Ppa = New(2, ArchivePurpose.Ppa, "main");
    private static readonly Archive Copy = New(3, ArchivePurpose.Copy, "main", "restricted", "universe", "multiverse");
    private static readonly Archive Other = New(4, ArchivePurpose.Ppa, "main");

    /// <summary>The pockets that a build in a pocket installs from.</summary>
    private static readonly Dictionary<string, string> Pockets = new()
    {
        ["RELEASE"] = "RELEASE",
        ["SECURITY"] = RS,
        ["UPDATES"] = RSU,
        ["BACKPORTS"] = RSU + " BACKPORTS",
        ["PROPOSED"] = RSU + " PROPOSED",
    };

    /// <summary>The components that a build of a component may use.</summary>
    private static readonly Dictionary<string, string> Components = new()
    {
        ["main"] = "main",
        ["restricted"] = "main restricted",
        ["universe"] = "main universe",
        ["multiverse"] = "main restricted universe multiverse",
        ["partner"] = "partner",
    };

    [Test]
    public void A_build_in_the_primary_archive_has_the_tables_pockets_and_components(
        [Values("RELEASE", "SECURITY", "UPDATES", "BACKPORTS", "PROPOSED")] string pocket,
        [Values("main", "restricted", "universe", "multiverse", "partner")] string component)
    {
        var used = pocket == "BACKPORTS" ? Components["multiverse"] : Components[component];

        Assert.That(
            Lines(new AptSources { Archive = Primary, Series = "jammy", Pocket = PocketNames.Parse(pocket)!.Value, Component = component }),
            Is.EqualTo(Expected("primary", Pockets[pocket], used)));
    }

    [Test]
    public void A_build_elsewhere_has_its_own_archive_and_all_updates_of_the_primary_one(
        [Values("RELEASE", "SECURITY", "UPDATES", "BACKPORTS", "PROPOSED")] string pocket,
        [Values("main", "restricted", "universe", "multiverse")] string component,
        [Values] bool isCopy)
    {
        var used = pocket == "BACKPORTS" ? Components["multiverse"] : Components[component];
        var own = isCopy ? Expected("copy", Pockets[pocket], used) : Expected("ppa", Pockets[pocket], "main");

        Assert.That(
            Lines(new AptSources
            {
                Archive = isCopy ? Copy : Ppa,
                Primary = Primary,
                Series = "jammy",
                Pocket = PocketNames.Parse(pocket)!.Value,
                Component = component,
            }),
            Is.EqualTo(own.Concat(Expected("primary", RSU, Components["multiverse"]))));
    }

    [Test]
    public void A_build_without_a_component_has_universe_and_in_a_PPA_main()
    {
        Assert.That(
            Lines(new AptSources { Archive = Primary, Series = "jammy" }), Is.EqualTo(Expected("primary", "RELEASE", "main universe")));
        Assert.That(
            Lines(new AptSources { Archive = Ppa with { Components = ["main", "universe"] }, Series = "jammy" }),
            Is.EqualTo(Expected("ppa", "RELEASE", "main")));
    }

    [TestCase("main", "main")]
    [TestCase("contrib", "main contrib non-free")]
    [TestCase("non-free", "main contrib non-free")]
    [TestCase("universe", "main")]
    public void Debian_s_components_may_use_all_but_main(string component, string expected) => Assert.That(
        AptLines.MayUse(Primary with { Components = ["main", "contrib", "non-free"] }, component), Is.EqualTo(expected.Split(' ')));

    [Test]
    public void Lines_are_in_the_order_own_external_dependencies_primary()
    {
        var sources = new AptSources
        {
            Archive = Ppa with
            {
                ExternalLines = ["deb [trusted=yes] http://ext.example/ %(series)s-extra main # why", "deb http://flat.example/ ./"],
            },
            Primary = Primary,
            Series = "jammy",
            Dependencies = [(Depends(Other, Pocket.Release, null), Other), (Depends(Copy, Pocket.Security, "restricted"), Copy)],
        };

        Assert.That(Lines(sources), Is.EqualTo(
            (string[])
            [
                .. Expected("ppa", "RELEASE", "main"),
                "deb [trusted=yes] http://ext.example/ jammy-extra main",
                "deb http://flat.example/ ./",
                .. Expected("other", "RELEASE", "main"),
                .. Expected("copy", RS, "main restricted"),
                .. Expected("primary", RSU, Components["multiverse"]),
            ]));
    }

    [TestCase(null, null, "main universe")]
    [TestCase(null, "restricted", "main restricted")]
    [TestCase("main", "restricted", "main")]
    public void A_dependency_has_its_component_or_the_source_s_or_universe(string? own, string? source, string expected) => Assert.That(
        Lines(new AptSources
        {
            Archive = Ppa,
            Series = "jammy",
            SourceComponent = source,
            Dependencies = [(Depends(Copy, Pocket.Release, own), Copy)],
        }),
        Is.EqualTo(Expected("ppa", "RELEASE", "main").Concat(Expected("copy", "RELEASE", expected))));

    [Test]
    public void A_dependency_on_the_primary_archive_takes_the_place_of_the_rule()
    {
        var dependencies = new[] { (Depends(Primary, Pocket.Proposed, "main"), Primary), (Depends(Other, Pocket.Release, "main"), Other) };

        Assert.That(
            Lines(new AptSources { Archive = Ppa, Primary = Primary, Series = "jammy", Dependencies = dependencies }),
            Is.EqualTo(
                (string[])
                [
                    .. Expected("ppa", "RELEASE", "main"), .. Expected("other", "RELEASE", "main"),
                    .. Expected("primary", Pockets["PROPOSED"], "main"),
                ]));
    }

    [Test]
    public void What_is_nowhere_or_lacks_the_components_gives_no_lines()
    {
        Assert.That(
            Lines(new AptSources { Archive = Ppa with { Url = null }, Primary = Primary with { Url = null }, Series = "jammy" }), Is.Empty);
        Assert.That(Lines(new AptSources { Archive = Copy, Series = "jammy", Component = "partner" }), Is.Empty);
    }

    [Test]
    public void Private_archives_alone_get_credentials_which_are_escaped_and_hidden_from_people()
    {
        var hidden = Other with { IsPrivate = true };
        var asked = new List<long>();
        var sources = new AptSources
        {
            Archive = Ppa with { IsPrivate = true },
            Primary = Primary,
            Series = "jammy",
            Dependencies = [(Depends(hidden, Pocket.Release, "main"), hidden)],
            Credentials = archive =>
            {
                asked.Add(archive.Id);
                return new ArchiveCredentials("build-7", $"p@ss/w:rd {archive.Id}");
            },
        };

        var lines = AptLines.Of(sources);

        Assert.That(lines.Take(2).Select(line => line.Text), Is.EqualTo(new[]
        {
            "deb http://build-7:p%40ss%2Fw%3Ard%202@ppa.example/ jammy main",
            "deb http://build-7:p%40ss%2Fw%3Ard%204@other.example/ jammy main",
        }));
        Assert.That(asked, Is.EqualTo(new[] { Ppa.Id, Other.Id }));
        Assert.That(lines.Select(line => line.ToString()), Is.EqualTo(Lines(sources with { Credentials = _ => null })));
        Assert.That(new ArchiveCredentials("user", "planted").ToString(), Does.Not.Contain("planted"));
    }

    private static IEnumerable<string> Expected(string host, string pockets, string components) => pockets.Split(' ').Select(
        pocket => $"deb http://{host}.example/ jammy{(pocket == "RELEASE" ? "" : "-" + pocket.ToLowerInvariant())} {components}");

    private static IEnumerable<string> Lines(AptSources sources) => AptLines.Of(sources).Select(line => line.ToString());

    private static ArchiveDependency Depends(Archive on, Pocket pocket, string? component) =>
        new() { Archive = Ppa.Id, Dependency = on.Id, Pocket = pocket, Component = component };

    private static Archive New(long id, ArchivePurpose purpose, params string[] components) => new()
    {
        Id = id,
        Owner = 1,
        Distribution = 1,
        Name = "name",
        Purpose = purpose,
        DisplayName = "name",
        Components = components,
        Url = id == 4 ? "http://other.example/" : $"http://{purpose.ToString().ToLowerInvariant()}.example/",
        Created = DateTimeOffset.UnixEpoch,
    };
}
