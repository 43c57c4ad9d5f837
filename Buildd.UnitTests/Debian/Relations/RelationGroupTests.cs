using Buildd.Debian;
using Buildd.Debian.Architectures;
using Buildd.Debian.Relations;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Relations;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RelationGroupTests
{
    [Test]
    public void Everything_that_a_relation_can_have_is_read()
    {
        var relation = RelationGroup.ParseList("gcc-13:native(>=13.1-2~)[ linux-any !armel ]<!nocheck !cross><stage1>").Single()
            .Alternatives.Single();

        Assert.Multiple(() =>
        {
            Assert.That(relation.Name, Is.EqualTo("gcc-13"));
            Assert.That(relation.Qualifier, Is.EqualTo("native"));
            Assert.That(relation.Version!.Operator, Is.EqualTo(VersionOperator.LaterOrEqual));
            Assert.That(relation.Version.Version.ToString(), Is.EqualTo("13.1-2~"));
            Assert.That(relation.Architectures, Is.EqualTo((RelationTerm[])[new("linux-any", false), new("armel", true)]));
            Assert.That(relation.Profiles[0], Is.EqualTo((RelationTerm[])[new("nocheck", true), new("cross", true)]));
            Assert.That(relation.Profiles[1], Is.EqualTo((RelationTerm[])[new("stage1", false)]));
            Assert.That(relation.ToString(), Is.EqualTo("gcc-13 (>= 13.1-2~)"));
        });
    }

    [TestCase("", "")]
    [TestCase(" , ,\n ,", "")]
    [TestCase("a", "a")]
    [TestCase("a,b , c,", "a, b, c")]
    [TestCase(
        "debhelper-compat (= 13),\n libfoo-dev (>> 1) | libbar-dev:any (<< 2~) [amd64],\n python3:any <!nocheck>\n",
        "debhelper-compat (= 13), libfoo-dev (>> 1) | libbar-dev (<< 2~), python3")]
    [TestCase("a (< 1), b (> 1), c (<= 1), d ( = 1 )", "a (<= 1), b (>= 1), c (<= 1), d (= 1)")]
    [TestCase("a|b|c", "a | b | c")]
    [TestCase("libstdc++6, g++, R", "libstdc++6, g++, R")]
    public void A_list_is_shown_without_what_is_only_about_where_it_counts(string text, string shown) =>
        Assert.That(string.Join(", ", RelationGroup.ParseList(text)), Is.EqualTo(shown));

    [TestCase("a b", "a comma or the end is expected")]
    [TestCase("a [!b!c]", "a blank or a closing bracket is expected")]
    [TestCase("a |", "the name of a package is expected")]
    [TestCase("| a", "the name of a package is expected")]
    [TestCase("a | , b", "the name of a package is expected")]
    [TestCase("-a", "the name of a package is expected")]
    [TestCase("${misc:Depends}", "the name of a package is expected")]
    [TestCase("\0", "the name of a package is expected")]
    [TestCase("é", "the name of a package is expected")]
    [TestCase("a:", "the name of an architecture is expected")]
    [TestCase("a ()", ">> is expected")]
    [TestCase("a (1)", ">> is expected")]
    [TestCase("a (== 1)", ">> is expected")]
    [TestCase("a (>= )", "upstream part is empty")]
    [TestCase("a (>= 1", "a closing bracket is expected")]
    [TestCase("a (>= 1 2)", "a closing bracket is expected")]
    [TestCase("a (>= 1_2)", "the version is none")]
    [TestCase("a (>= (((((", "a closing bracket is expected")]
    [TestCase("a []", "the brackets are empty")]
    [TestCase("a [amd64", "the name of an architecture is expected")]
    [TestCase("a [amd64 [i386]]", "the name of an architecture is expected")]
    [TestCase("a [!]", "the name of an architecture is expected")]
    [TestCase("a <>", "the brackets are empty")]
    [TestCase("a <!nocheck", "the name of a build profile is expected")]
    [TestCase("a <x> (>= 1)", "a comma or the end is expected")]
    [TestCase("a [amd64] (>= 1)", "a comma or the end is expected")]
    public void What_is_no_list_is_refused(string text, string mistake)
    {
        var thrown = Assert.Throws<RelationException>(() => RelationGroup.ParseList(text))!;
        Assert.That(thrown.Mistake, Does.Contain(mistake));
        Assert.That(thrown, Is.InstanceOf<DebianException>());
    }

    [Test]
    public void A_list_has_limits() => Assert.Multiple(() =>
    {
        AssertLimit(RelationLimits.MaxLength, n => new string(' ', n), "the field is longer");
        AssertLimit(RelationLimits.MaxGroups, n => string.Join(',', Enumerable.Repeat("a", n)), "relations");
        AssertLimit(RelationLimits.MaxGroups, n => new string(',', n - 1), "relations");
        AssertLimit(RelationLimits.MaxAlternatives, n => string.Join('|', Enumerable.Repeat("a", n)), "alternatives");
        AssertLimit(RelationLimits.MaxTerms, n => $"a [{string.Join(' ', Enumerable.Repeat("b", n))}]", "names in brackets");
        AssertLimit(RelationLimits.MaxTerms, n => $"a <{string.Join(' ', Enumerable.Repeat("b", n))}>", "names in brackets");
        AssertLimit(RelationLimits.MaxTerms, n => "a " + string.Join(' ', Enumerable.Repeat("<b>", n)), "lists of build profiles");
        AssertLimit(RelationLimits.MaxNameLength, n => new string('a', n), "longer");
        AssertLimit(RelationLimits.MaxNameLength, n => $"a [{new string('b', n)}]", "longer");
    });

    [Test]
    public void Random_text_is_read_or_refused_and_nothing_else()
    {
        var random = new Random(7);
        const string Letters = "ab1 ,|()[]<>!:=~.-+\n\t\0é$";
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => Letters[random.Next(Letters.Length)]));
            try
            {
                var shown = string.Join(", ", RelationGroup.ParseList(text));
                Assert.That(string.Join(", ", RelationGroup.ParseList(shown)), Is.EqualTo(shown), text);
            }
            catch (RelationException e)
            {
                Assert.That(e.Message, Does.Not.Contain('\0').And.Not.Contain('\n'));
            }
        }
    }

    [TestCase("a", true)]
    [TestCase("a [amd64]", true)]
    [TestCase("a [i386]", false)]
    [TestCase("a [i386 amd64]", true)]
    [TestCase("a [linux-any]", true)]
    [TestCase("a [any-arm64]", false)]
    [TestCase("a [!amd64]", false)]
    [TestCase("a [!i386]", true)]
    [TestCase("a [!linux-any]", false)]
    [TestCase("a [!i386 !arm64]", true)]
    [TestCase("a <nocheck>", false)]
    [TestCase("a <!nocheck>", true)]
    [TestCase("a <!nocheck !cross>", true)]
    [TestCase("a <!nocheck cross>", false)]
    [TestCase("a <cross> <!nocheck>", true)]
    [TestCase("a <cross> <stage1>", false)]
    [TestCase("a [i386] <!nocheck>", false)]
    public void An_alternative_counts_for_some_builds(string text, bool applies) =>
        Assert.That(
            RelationGroup.ParseList(text).Single().Alternatives.Single()
                .AppliesTo("amd64", ArchitectureTable.BuiltIn), Is.EqualTo(applies));

    [Test]
    public void Active_profiles_turn_the_answer_round() => Assert.Multiple(() =>
    {
        var relation = RelationGroup.ParseList("a <nocheck !cross>").Single().Alternatives.Single();
        Assert.That(relation.AppliesTo("amd64", ArchitectureTable.BuiltIn, "nocheck"));
        Assert.That(relation.AppliesTo("amd64", ArchitectureTable.BuiltIn, "nocheck", "cross"), Is.False);
    });

    private static void AssertLimit(int limit, Func<int, string> make, string mistake)
    {
        Assert.That(() => RelationGroup.ParseList(make(limit)), Throws.Nothing);
        Assert.That(() => RelationGroup.ParseList(make(limit + 1)), Throws.TypeOf<RelationException>().With.Message.Contains(mistake));
    }
}
