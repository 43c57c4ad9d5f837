using Buildd.Farm;
using Buildd.Farm.Archives;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Archives;

/// <summary>What can't be said of an archive, however hostile, is refused in a sentence that repeats no password.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ArchiveLimitsTests
{
    private static readonly Archive Plain = new()
    {
        Owner = 1,
        Distribution = 1,
        Name = "tools",
        Purpose = ArchivePurpose.Ppa,
        DisplayName = "Tools",
        Created = DateTimeOffset.UnixEpoch,
    };

    private static readonly string[] Many = [.. Enumerable.Range(0, 100_000).Select(i => $"name{i}")];

    private static IEnumerable<TestCaseData> Wrong() =>
        from wrong in new (string Name, Archive Archive)[]
        {
            ("a name in capitals", Plain with { Name = "Tools" }),
            ("a name with NUL", Plain with { Name = "to\0ols" }),
            ("a path as a name", Plain with { Name = "../tools" }),
            ("a primary archive of another name", Plain with { Purpose = ArchivePurpose.Primary }),
            ("no such purpose", Plain with { Purpose = (ArchivePurpose)5 }),
            ("two lines as a display name", Plain with { DisplayName = "a\nb" }),
            ("a long display name", Plain with { DisplayName = new string('x', 1_000_000) }),
            ("NUL in a description", Plain with { Description = "a\0b" }),
            ("an escape in a description", Plain with { Description = "\u001b[2J" }),
            ("half a character in a description", Plain with { Description = "x" + '\ud800' }),
            ("a long description", Plain with { Description = new string('x', 1_000_000) }),
            ("a high score", Plain with { RelativeScore = int.MaxValue }),
            ("a low score", Plain with { RelativeScore = int.MinValue }),
            ("no component", Plain with { Components = [] }),
            ("a component twice", Plain with { Components = ["main", "main"] }),
            ("two words as a component", Plain with { Components = ["main universe"] }),
            ("a component with an option", Plain with { Components = ["[trusted=yes]"] }),
            ("many components", Plain with { Components = Many }),
            ("many architectures", Plain with { Architectures = Many }),
            ("an architecture with NUL", Plain with { Architectures = ["am\0d64"] }),
            ("no URL", Plain with { Url = "archive" }),
            ("an empty URL", Plain with { Url = "" }),
            ("a file", Plain with { Url = "file:///etc/passwd" }),
            ("a URL with blanks", Plain with { Url = "http://a.example/ sid main" }),
            ("a URL with two lines", Plain with { Url = "http://a.example/\ndeb http://b.example/" }),
            ("a URL with quotation marks", Plain with { Url = "http://a.example/\"x" }),
            ("a URL with an option", Plain with { Url = "http://[::1]/" }),
            ("a URL with a comment", Plain with { Url = "http://a.example/#x" }),
            ("a URL with a query", Plain with { Url = "http://a.example/?x" }),
            ("a URL with a password", Plain with { Url = "http://user:planted@a.example/" }),
            ("a URL with an escaped password", Plain with { Url = "http://user:planted%40a.example/" }),
            ("a long URL", Plain with { Url = "http://a.example/" + new string('x', 100_000) }),
            ("no line", Plain with { ExternalLines = ["planted"] }),
            ("an empty line", Plain with { ExternalLines = [""] }),
            ("a comment as a line", Plain with { ExternalLines = ["# deb http://a.example/ sid main"] }),
            ("a line without components", Plain with { ExternalLines = ["deb http://a.example/ sid"] }),
            ("two lines in one", Plain with { ExternalLines = ["deb http://a.example/ sid main\ndeb http://b.example/ sid main"] }),
            ("NUL in a line", Plain with { ExternalLines = ["deb http://a.example/ sid ma\0in"] }),
            ("half a character in a line", Plain with { ExternalLines = ["deb http://a.example/" + '\udc00' + " sid main"] }),
            ("a password in a line", Plain with { ExternalLines = ["deb http://user:planted@a.example/ sid main"] }),
            ("a user in a line", Plain with { ExternalLines = ["deb http://planted@a.example/ sid main"] }),
            ("an escaped password in a line", Plain with { ExternalLines = ["deb http://user:planted%40a.example/ sid main"] }),
            ("a long line", Plain with { ExternalLines = ["deb http://a.example/ sid " + new string('x', 100_000)] }),
            ("many lines", Plain with { ExternalLines = [.. Many.Select(name => $"deb http://a.example/ sid {name}")] }),
            ("no fingerprint", Plain with { SigningKey = "0xDEADBEEF" }),
            ("a fingerprint in small letters", Plain with { SigningKey = new string('a', 40) }),
            ("no publication", Plain with { Publication = "/srv/archive" }),
            ("a publication of another kind", Plain with { Publication = "ftp /srv/archive" }),
            ("a publication with a relative folder", Plain with { Publication = "directory srv/archive" }),
            ("a publication that climbs", Plain with { Publication = "directory /srv/../etc" }),
            ("a publication at the root", Plain with { Publication = "reprepro /" }),
            ("a publication with NUL", Plain with { Publication = "reprepro /srv/a\0b" }),
        }
        select new TestCaseData(wrong.Archive).SetArgDisplayNames(wrong.Name);

    [TestCaseSource(nameof(Wrong))]
    public void What_can_t_be_is_refused(object archive) => Assert.That(
        () => ArchiveLimits.Check((Archive)archive),
        Throws.TypeOf<FarmException>()
            .With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.Usage)
            .And.Message.Length.LessThan(1000)
            .And.Message.Not.Contains("planted"));

    [Test]
    public void What_can_be_is_not()
    {
        foreach (var archive in (Archive[])
            [
                Plain, Plain with { Purpose = ArchivePurpose.Primary, Name = Archive.PrimaryName },
                Plain with { Description = "two\nlines\tand more: \u00e4 \U0001F600" },
                Plain with { RelativeScore = -ArchiveLimits.MaxScore },
                Plain with { Url = "https://deb.example:8080/debian" },
                Plain with { ExternalLines = ["deb [arch=amd64] https://a.example/debian %(series)s-backports main # why"] },
                Plain with { ExternalLines = ["deb http://a.example/ sid main", "deb-src http://b.example/ ./"] },
                Plain with { SigningKey = new string('A', 40) },
                Plain with { Publication = "reprepro /srv/with blank" },
            ])
            Assert.That(() => ArchiveLimits.Check(archive), Throws.Nothing, archive.ToString());
    }
}
