using Buildd.Master.Uploads.Archives;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>A .changes without some of the files that it lists.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ChangesWithoutTests
{
    private const string Changes =
        """
        Format: 1.8
        Binary: a
        Changes:
         a (1) bookworm; urgency=low
         .
           * Make a-dbgsym_1_amd64.ddeb
        Checksums-Sha1:
         0 1 a_1_amd64.deb
         0 1 a-dbgsym_1_amd64.ddeb
        Files:
         0 1 misc optional a_1_amd64.deb
         0 1 debug optional a-dbgsym_1_amd64.ddeb

        """;

    [Test]
    public void The_lists_lose_the_lines_of_these_files_and_nothing_else_is_changed() => Assert.That(
        ChangesWithout.Strip(Changes, new HashSet<string> { "a-dbgsym_1_amd64.ddeb" }),
        Is.EqualTo(
            Changes.Replace(" 0 1 a-dbgsym_1_amd64.ddeb\n", "", StringComparison.Ordinal)
                .Replace(" 0 1 debug optional a-dbgsym_1_amd64.ddeb\n", "", StringComparison.Ordinal)));

    [Test]
    public void Where_nothing_is_to_go_nothing_is_changed() =>
        Assert.That(ChangesWithout.Strip(Changes, new HashSet<string>()), Is.EqualTo(Changes));
}
