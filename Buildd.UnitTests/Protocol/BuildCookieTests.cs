using Buildd.Protocol;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol;

[Parallelizable(ParallelScope.All)]
public sealed class BuildCookieTests
{
    [TestCase("PACKAGEBUILD-22", "PACKAGEBUILD", 22)]
    [TestCase("LIVEFSBUILD-1", "LIVEFSBUILD", 1)]
    [TestCase("2B-9223372036854775807", "2B", long.MaxValue)]
    public void A_kind_and_a_number_are_read_and_written_the_same(string text, string jobType, long id)
    {
        Assert.That(BuildCookie.Parse(text), Is.EqualTo(new BuildCookie(jobType, id)));
        Assert.That(new BuildCookie(jobType, id).ToString(), Is.EqualTo(text));
    }

    [Test]
    public void Zeros_in_front_of_the_number_are_lost() =>
        Assert.That(BuildCookie.Parse("PACKAGEBUILD-007"), Is.EqualTo(new BuildCookie("PACKAGEBUILD", 7)));

    [TestCase("")]
    [TestCase("-")]
    [TestCase("22")]
    [TestCase("-22")]
    [TestCase("PACKAGEBUILD")]
    [TestCase("PACKAGEBUILD-")]
    [TestCase("PACKAGEBUILD-x")]
    [TestCase("PACKAGEBUILD-0")]
    [TestCase("PACKAGEBUILD-+1")]
    [TestCase("PACKAGEBUILD- 1")]
    [TestCase("PACKAGEBUILD-1\n")]
    [TestCase("PACKAGEBUILD-9223372036854775808")]
    [TestCase("packagebuild-1")]
    [TestCase("my-PACKAGEBUILD-7")]
    [TestCase("../PACKAGEBUILD-1")]
    [TestCase("PACKAGEBUILD--1")]
    public void Nothing_else_is_one(string text)
    {
        Assert.That(BuildCookie.TryParse(text, out _), Is.False);
        Assert.That(() => BuildCookie.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains("JOBTYPE-ID"));
    }

    [Test]
    public void It_is_parsed_as_numbers_are()
    {
        Assert.That(Parsed<BuildCookie>("PACKAGEBUILD-22"), Is.EqualTo(new BuildCookie("PACKAGEBUILD", 22)));
        Assert.That(BuildCookie.TryParse((string?)null, null, out _), Is.False);

        static T Parsed<T>(string text)
            where T : ISpanParsable<T> => T.Parse(text.AsSpan(), null);
    }
}
