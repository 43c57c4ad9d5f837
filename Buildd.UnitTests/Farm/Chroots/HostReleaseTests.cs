using Buildd.Farm.Chroots;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Chroots;

[Parallelizable(ParallelScope.All)]
public sealed class HostReleaseTests
{
    [TestCase("http://deb.example/debian", "http://deb.example/debian")]
    [TestCase("https://user:secret@deb.example/debian", "https://deb.example/debian")]
    public void A_mirror_s_password_is_for_files_only(string mirror, string all)
    {
        var release = new HostRelease("bookworm", "amd64", mirror, []);

        Assert.That(release.PublicMirror, Is.EqualTo(all));
        Assert.That(release.SourcesLine, Is.EqualTo($"deb {mirror} bookworm main"));
    }
}
