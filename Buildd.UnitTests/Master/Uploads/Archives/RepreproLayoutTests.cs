using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Archives;

/// <summary>Where reprepro has the indexes, by all that its configuration can say; what reprepro does is an integration test's.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RepreproLayoutTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public RepreproLayoutTests()
    {
        Directory.CreateDirectory(_folder["conf"]);
        File.WriteAllText(
            _folder["conf/distributions"],
            "# a comment\nCodename: bookworm\nSuite: stable\n\n\nOrigin: us\nsuite: testing\ncodename: trixie\n\n"
                + "Codename: testing\nSuite: trixie\n");
    }

    public void Dispose() => _folder.Dispose();

    [TestCase("bookworm", "bookworm")]
    [TestCase("stable", "bookworm")]
    [TestCase("trixie", "trixie")]
    [TestCase("testing", "testing")]
    [TestCase("sid", "sid")]
    public void A_suite_is_found_by_either_of_its_names(string suite, string expected) =>
        Assert.That(new RepreproLayout(_folder.Path).FolderOf(suite), Is.EqualTo(_folder[$"dists/{expected}"]));

    [TestCase("", "dists/sid")]
    [TestCase("verbose\nbasedir /nowhere\n", "dists/sid")]
    [TestCase("outdir +b/www\n", "www/dists/sid")]
    [TestCase("#outdir +b/no\noutdir\t www \n", "www/dists/sid")]
    [TestCase("outdir +c/www\ndistdir +o/indexes\n", "conf/www/indexes/sid")]
    [TestCase("distdir +b/indexes\n", "indexes/sid")]
    [TestCase("distdir +b\n", "sid")]
    public void The_folders_of_the_options_are_followed(string options, string expected)
    {
        File.WriteAllText(_folder["conf/options"], options);

        Assert.That(new RepreproLayout(_folder.Path).FolderOf("sid"), Is.EqualTo(_folder[expected]));
    }

    [Test]
    public void A_folder_elsewhere_is_followed_too()
    {
        File.WriteAllText(_folder["conf/options"], "outdir /srv/www\n");

        Assert.That(new RepreproLayout(_folder.Path).FolderOf("stable"), Is.EqualTo("/srv/www/dists/bookworm"));
    }
}
