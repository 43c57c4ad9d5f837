using Buildd.Backends.Root;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

[Parallelizable(ParallelScope.All)]
public sealed class MountTableTests
{
    [Test]
    public void What_is_mounted_at_or_below_a_folder_comes_newest_first() =>
        Assert.That(
            Below("/work/b", "/", "/proc", "/work/b", "/work/b/proc", "/work/b/dev/pts", "/work/bb", "/work"),
            Is.EqualTo(new[] { "/work/b/dev/pts", "/work/b/proc", "/work/b" }));

    [Test]
    public void What_is_mounted_twice_comes_twice() =>
        Assert.That(Below("/work/b", "/work/b/proc", "/work/b/proc"), Has.Count.EqualTo(2));

    [Test]
    public void A_slash_at_the_end_of_the_folder_does_not_matter() =>
        Assert.That(Below("/work/b/", "/work/b", "/work/b/proc"), Has.Count.EqualTo(2));

    [TestCase("/work/a b", @"/work/a\040b/proc", "/work/a b/proc")]
    [TestCase("/work/a\\b", @"/work/a\134b/proc", "/work/a\\b/proc")]
    [TestCase("/work/a\\040b", @"/work/a\134040b/proc", "/work/a\\040b/proc")]
    [TestCase("/work/b", @"/work/b/a\011b\012c", "/work/b/a\tb\nc")]
    public void Escapes_are_read(string folder, string written, string point) =>
        Assert.That(Below(folder, written), Is.EqualTo(new[] { point }));

    [TestCase("")]
    [TestCase("36 35 98:0 /")]
    public void A_line_that_is_too_short_is_passed_over(string line) =>
        Assert.That(MountTable.Below("/work", [line]), Is.Empty);

    [Test]
    public void The_table_of_this_machine_can_be_read() => Assert.That(MountTable.Below("/proc"), Has.Some.EqualTo("/proc"));

    private static IReadOnlyList<string> Below(string folder, params string[] points) =>
        MountTable.Below(folder, points.Select(point => $"36 35 98:0 /mnt1 {point} rw,noatime master:1 - ext3 /dev/root rw"));
}
