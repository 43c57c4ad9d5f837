using Buildd.Master.Leaves;
using Buildd.Protocol;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Leaves;

[Parallelizable(ParallelScope.All)]
public sealed class LeafNameTests
{
    [TestCase("20140425-103800-LIVEFSBUILD-7", "LIVEFSBUILD", 7)]
    [TestCase("20261121-033703-2-PACKAGEBUILD-22", "PACKAGEBUILD", 22)]
    [TestCase("PACKAGEBUILD-1", "PACKAGEBUILD", 1)]
    [TestCase("20261121-033703-SNAPBUILD-9223372036854775807", "SNAPBUILD", long.MaxValue)]
    public void The_last_two_parts_name_the_build(string name, string jobType, long id)
    {
        var leaf = LeafName.TryParse(name)!;

        Assert.That((leaf.Text, leaf.Cookie), Is.EqualTo((name, new BuildCookie(jobType, id))));
    }

    [TestCase("")]
    [TestCase("-")]
    [TestCase("20140425-103800")]
    [TestCase("20140425-103800-LIVEFSBUILD")]
    [TestCase("20140425-103800-LIVEFSBUILD-")]
    [TestCase("20140425-103800-LIVEFSBUILD-x")]
    [TestCase("20140425-103800-LIVEFSBUILD-0")]
    [TestCase("20140425-103800-LIVEFSBUILD-+1")]
    [TestCase("20140425-103800-livefsbuild-1")]
    [TestCase("20140425-103800-PACKAGEBUILD-9223372036854775808")]
    [TestCase(".PACKAGEBUILD-1")]
    [TestCase("../PACKAGEBUILD-1")]
    public void Other_names_name_none(string name) => Assert.That(LeafName.TryParse(name), Is.Null);

    [TestCase("20140425-103800-LIVEFSBUILD-7", "20140425-103800-2-LIVEFSBUILD-7")]
    [TestCase("LIVEFSBUILD-7", "2-LIVEFSBUILD-7")]
    public void A_numbered_name_still_names_the_build(string name, string numbered)
    {
        var leaf = LeafName.TryParse(name)!;

        Assert.That(leaf.Numbered(2), Is.EqualTo(numbered));
        Assert.That(LeafName.TryParse(numbered), Is.EqualTo(leaf with { Text = numbered }));
    }
}
