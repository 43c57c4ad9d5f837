using Buildd.Farm;
using Buildd.Farm.Archives;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

[Parallelizable(ParallelScope.All)]
public sealed class ArchiveReferenceTests
{
    [TestCase("debian", null, "debian", null, (int)ArchivePurpose.Primary)]
    [TestCase("debian/rebuild", null, "debian", "rebuild", (int)ArchivePurpose.Copy)]
    [TestCase("~ada/debian/tools", "ada", "debian", "tools", (int)ArchivePurpose.Ppa)]
    [TestCase("~a+b/x.y/1-2", "a+b", "x.y", "1-2", (int)ArchivePurpose.Ppa)]
    public void A_reference_is_read_and_written(string text, string? owner, string distribution, string? name, int purpose)
    {
        var reference = ArchiveReference.Parse(text);

        Assert.That(reference, Is.EqualTo(new ArchiveReference(owner, distribution, name)));
        Assert.That((reference.Purpose, reference.ToString()), Is.EqualTo(((ArchivePurpose)purpose, text)));
    }

    [TestCase("")]
    [TestCase("~")]
    [TestCase("~ada")]
    [TestCase("~ada/debian")]
    [TestCase("~ada/debian/")]
    [TestCase("~/debian/tools")]
    [TestCase("~~ada/debian/tools")]
    [TestCase("ada/debian/tools")]
    [TestCase("~ada/debian/tools/more")]
    [TestCase("~ada//tools")]
    [TestCase("/debian")]
    [TestCase("debian/")]
    [TestCase("debian/../x")]
    [TestCase("Debian")]
    [TestCase("d")]
    [TestCase(" debian")]
    [TestCase("debian\n")]
    [TestCase("deb\0ian")]
    [TestCase("debian/~ada")]
    [TestCase("ppa:ada/tools")]
    public void What_is_none_is_refused(string text)
    {
        Assert.That(ArchiveReference.TryParse(text), Is.Null);
        Assert.That(
            () => ArchiveReference.Parse(text),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage));
    }

    [Test]
    public void A_long_one_is_refused_in_a_short_message() => Assert.That(
        () => ArchiveReference.Parse(new string('a', 1_000_000) + "/" + new string('/', 100_000)),
        Throws.TypeOf<FarmException>().With.Message.Length.LessThan(1000));
}
