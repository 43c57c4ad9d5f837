using Buildd.Debian.Relations;
using Buildd.Debian.Versions;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Relations;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RelationMatcherTests
{
    [TestCase("a", "a 1.0", true)]
    [TestCase("a", "b 1.0", false)]
    [TestCase("a (>= 1.0)", "a 1.0", true)]
    [TestCase("a (>= 1.0)", "a 1.0~rc1", false)]
    [TestCase("a (>> 1.0)", "a 1.0", false)]
    [TestCase("a (>> 1.0)", "a 1.0-1", true)]
    [TestCase("a (<< 1.0)", "a 1.0", false)]
    [TestCase("a (<< 1.0)", "a 1.0~", true)]
    [TestCase("a (<= 1.0)", "a 1.0-1", false)]
    [TestCase("a (<= 1.0)", "a 1.00", true)]
    [TestCase("a (= 1.0)", "a 0:1.0-0", true)]
    [TestCase("a (= 1.0)", "a 1:1.0", false)]
    [TestCase("a (>= 99)", "a 1;a 100", true)]
    [TestCase("a (>= 99)", "a 1;a 2", false)]
    [TestCase("a | b", "b 1", true)]
    [TestCase("a (>= 2) | b (>= 2)", "a 1;b 1", false)]
    [TestCase("a (>= 2) | a (<< 1)", "a 0", true)]
    [TestCase("a", "provides a", true)]
    [TestCase("a (>= 1)", "provides a", false)]
    [TestCase("a (>= 1)", "provides a (= 2)", true)]
    [TestCase("a (>= 3)", "provides a (= 2)", false)]
    [TestCase("a", "provides a (= 2)", true)]
    [TestCase("a", "provides a (>= 2)", false)]
    [TestCase("a (>= 1)", "provides a (>= 2)", false)]
    [TestCase("a:any (>= 1)", "a 1", true)]
    public void A_relation_is_satisfied_by_what_there_is(string relations, string available, bool satisfied)
    {
        var group = RelationGroup.ParseList(relations).Single();
        var matcher = new RelationMatcher([group]);

        foreach (var words in available.Split(';').Select(package => package.Split(' ', 2)))
        {
            if (words[0] == "provides")
                matcher.AddProvided(RelationGroup.ParseList(words[1]).Single().Alternatives.Single());
            else
                matcher.AddPackage(words[0], DebianVersion.Parse(words[1]));
        }

        Assert.That(matcher.IsSatisfied(group), Is.EqualTo(satisfied));
    }

    [Test]
    public void A_package_whose_version_can_not_be_read_satisfies_what_wants_none()
    {
        var groups = RelationGroup.ParseList("a, a (>= 1)");
        var matcher = new RelationMatcher(groups);

        matcher.AddPackage("a", null);

        Assert.That(groups.Select(matcher.IsSatisfied), Is.EqualTo((bool[])[true, false]));
        Assert.That((matcher.Wants("a"), matcher.Wants("b")), Is.EqualTo((true, false)));
    }
}
