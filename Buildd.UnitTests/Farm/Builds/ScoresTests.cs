using Buildd.Farm.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Builds;

[Parallelizable(ParallelScope.All)]
public sealed class ScoresTests
{
    [TestCase("main", "release", "low", ExpectedResult = 2505)]
    [TestCase("main", "release", "emergency", ExpectedResult = 2520)]
    [TestCase("restricted", "release", "medium", ExpectedResult = 2260)]
    [TestCase("universe", "security", "high", ExpectedResult = 4765)]
    [TestCase("multiverse", "backports", "low", ExpectedResult = 5)]
    [TestCase("partner", "updates", "low", ExpectedResult = 4255)]
    [TestCase("contrib", "proposed", "low", ExpectedResult = 3005)]
    public int Component_pocket_and_urgency_make_the_score_of_a_package(string component, string pocket, string urgency) =>
        Scores.OfPackage(isPrivate: false, isCopy: false, archive: 0, section: "utils", urgency, pocket, component);

    [TestCase(true, false, 0, ExpectedResult = 12_505)]
    [TestCase(false, true, 0, ExpectedResult = -95)]
    [TestCase(false, false, 2495, ExpectedResult = 5000)]
    [TestCase(false, false, -3000, ExpectedResult = -495)]
    public int The_archive_adds_to_it(bool isPrivate, bool isCopy, int archive) =>
        Scores.OfPackage(isPrivate, isCopy, archive, section: "utils", "low", "release", "main");

    [TestCase(false, ExpectedResult = 100)]
    [TestCase(true, ExpectedResult = 10_100)]
    public int Translations_wait_until_there_is_nothing_else(bool isPrivate) =>
        Scores.OfPackage(isPrivate, isCopy: false, archive: 100, section: "translations", "high", "security", "main");

    [Test]
    public void A_live_filesystem_of_2014_was_a_package_of_main_release_and_low() => Assert.That(
        Scores.OfPackage(isPrivate: false, isCopy: false, archive: 0, section: null, "low", "release", "main"),
        Is.EqualTo(Scores.LiveFsOf2014));

    [TestCase(0, 0, ExpectedResult = 2510)]
    [TestCase(100, -5, ExpectedResult = 2605)]
    public int Archive_and_live_filesystem_add_to_its_score(int archive, int livefs) => Scores.OfLiveFs(archive, livefs);
}
