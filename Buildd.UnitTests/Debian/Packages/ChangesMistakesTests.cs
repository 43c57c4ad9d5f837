using Buildd.Debian.Packages;
using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.Packages;

[Parallelizable(ParallelScope.All)]
public sealed class ChangesMistakesTests
{
    private const string Md5 = "0123456789abcdef0123456789abcdef";

    [Test]
    public void All_mistakes_are_found_each_with_its_line()
    {
        var paragraph =
            Parse($"Source: Hello\nVersion: 1 2\nDistribution:\nFiles:\n {Md5} x s p a.deb\n {Md5} 1 s p ../b.deb\n {Md5} 1 s p c.deb\n")
                .Single();

        var mistakes = Changes.FindMistakes("x.changes", paragraph, out var changes);

        Assert.That(changes, Is.Null);
        Assert.That(mistakes.Select(mistake => (mistake.Line, mistake.Mistake)), Is.EqualTo(new (int?, string)[]
        {
            (2, "\"1 2\" is no version"),
            (1, "\"Hello\" is no name of a source package"),
            (1, "there is no field Architecture"),
            (3, "Distribution is empty"),
            (5, "\"x\" is no size in bytes"),
            (6, "Files has the name \"../b.deb\": it begins with a dot"),
        }));
    }

    [Test]
    public void Of_a_good_one_there_are_none()
    {
        var paragraph = Parse($"Source: hello\nVersion: 1\nArchitecture: amd64\nDistribution: sid\nFiles:\n {Md5} 1 s p a.deb\n").Single();

        Assert.That(Changes.FindMistakes("x.changes", paragraph, out var changes), Is.Empty);
        Assert.That(changes!.Files, Has.Count.EqualTo(1));
    }
}
