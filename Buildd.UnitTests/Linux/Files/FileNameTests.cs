using Buildd.Linux.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Files;

[Parallelizable(ParallelScope.All)]
public sealed class FileNameTests
{
    [TestCase("hello_2.10-3_amd64.deb")]
    [TestCase("ucf_3.0043+nmu1+deb12u1_amd64.changes")]
    [TestCase("gcc-12_12.2.0-14~bpo11+1_all.deb")]
    [TestCase("buildlog")]
    [TestCase("a..b")]
    [TestCase("a name with blanks")]
    [TestCase("hello_1:2.0.deb")]
    [TestCase("Grüße.log")]
    [TestCase("😀.log")]
    public void A_plain_name_passes_unchanged(string name) => Assert.That(FileName.Check(name), Is.EqualTo(name));

    [TestCase("", "empty")]
    [TestCase(".", "dot")]
    [TestCase("..", "dot")]
    [TestCase("../x", "dot")]
    [TestCase(".hidden", "dot")]
    [TestCase("-rf", "dash")]
    [TestCase("/etc/passwd", "slash")]
    [TestCase("a/b", "slash")]
    [TestCase("a/../../b", "slash")]
    [TestCase("a\\b", "slash")]
    [TestCase("a\0b", "control")]
    [TestCase("a\nb", "control")]
    [TestCase("a\u001b[2Jb", "control")]
    [TestCase("a\u007f", "control")]
    [TestCase("a\u0085", "control")]
    [TestCase("a\u2028b", "control")]
    [TestCase("gpj.\u202Eexe", "control")]
    public void A_name_that_could_do_harm_is_refused_with_the_reason(string name, string reason)
    {
        var exception = Assert.Throws<FileNameException>(() => FileName.Check(name))!;

        Assert.That(exception.Name, Is.EqualTo(name));
        Assert.That(exception.Mistake, Does.Contain(reason));
        Assert.That(exception.Message.Any(char.IsControl), Is.False);
    }

    [Test]
    public void Half_a_surrogate_pair_is_refused() =>
        Assert.That(FileName.FindMistake("a\ud83d"), Does.Contain("Unicode"));

    [Test]
    public void The_longest_name_is_counted_in_bytes()
    {
        Assert.That(FileName.FindMistake(new string('a', 255)), Is.Null);
        Assert.That(FileName.FindMistake(new string('a', 256)), Does.Contain("255"));
        Assert.That(FileName.FindMistake(new string('ü', 127)), Is.Null);
        Assert.That(FileName.FindMistake(new string('ü', 128)), Does.Contain("255"));
    }

    [Test]
    public void A_name_is_shown_on_one_line_and_cut()
    {
        Assert.That(FileName.Display("a\r\n\u001bb"), Is.EqualTo("\"a\\u000d\\u000a\\u001bb\""));
        Assert.That(FileName.Display(new string('a', 5000)), Has.Length.LessThan(130).And.EndsWith("…\""));
    }
}
