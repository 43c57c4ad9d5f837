using Buildd.Slave;
using Buildd.Slave.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

[Parallelizable(ParallelScope.All)]
public sealed class PathPartTests
{
    [TestCase("PACKAGEBUILD-22")]
    [TestCase("hello_1:2.0+b1~rc1.dsc")]
    [TestCase(".hidden")]
    [TestCase("...")]
    [TestCase("a name with blanks")]
    [TestCase("Grüße")]
    [TestCase("a\\b")]
    public void May_be_used(string name) => Assert.That(PathPart.Check("the name", name), Is.EqualTo(name));

    [TestCase("", "empty")]
    [TestCase(".", "no name")]
    [TestCase("..", "no name")]
    [TestCase("/", "slash")]
    [TestCase("a/b", "slash")]
    [TestCase("../x", "slash")]
    [TestCase("a\0", "control")]
    [TestCase("\r\n", "control")]
    [TestCase("a\u007fb", "control")]
    public void May_not_be_used(string name, string reason) =>
        Assert.That(
            () => PathPart.Check("the name", name),
            Throws.TypeOf<RefusedException>().With.Message.StartsWith("the name '").And.Message.Contains(reason)
                .And.Message.Not.Contains("\n"));

    [TestCase("hello.deb")]
    [TestCase("build:0/one.txt")]
    [TestCase("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16")]
    public void May_be_used_as_a_path(string name) => Assert.That(() => PathPart.CheckAll("the name", name), Throws.Nothing);

    [TestCase("")]
    [TestCase("/etc/passwd")]
    [TestCase("a/")]
    [TestCase("a//b")]
    [TestCase("a/../b")]
    [TestCase("../b")]
    [TestCase("a/./b")]
    [TestCase("a/b\n")]
    [TestCase("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17")]
    public void May_not_be_used_as_a_path(string name) =>
        Assert.That(() => PathPart.CheckAll("the name", name), Throws.TypeOf<RefusedException>().With.Message.StartsWith("the name "));
}
