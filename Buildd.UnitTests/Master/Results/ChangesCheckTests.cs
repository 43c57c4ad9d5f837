using Buildd.Master.Results;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Results;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ChangesCheckTests : IDisposable
{
    private readonly TemporaryDirectory _leaf = new();

    public void Dispose() => _leaf.Dispose();

    [Test]
    public async Task A_leaf_that_is_what_it_says_has_no_findings()
    {
        Changes(("a.deb", "one", 3), ("b.deb", "two", 3));
        Write("a.deb", "one");
        Write("b.deb", "two");
        Write("buildlog", "log");

        Assert.That(await CheckAsync(), Is.Empty);
    }

    [Test]
    public async Task Everything_that_is_wrong_is_found_not_only_the_first()
    {
        Changes(("a.deb", "one", 3), ("b.deb", "two", 3), ("c.deb", "three", 5), ("d.deb", "four", 4));
        Write("a.deb", "on");
        Write("b.deb", "owt");
        Write("d.deb", "four");

        var findings = await CheckAsync();

        Assert.That(findings.Select(finding => (finding.Kind, finding.File)), Is.EqualTo([
            (FindingKind.WrongSize, "a.deb"), (FindingKind.WrongSha256, "b.deb"), (FindingKind.Missing, "c.deb"),
        ]));
        Assert.That(findings[0].Text, Is.EqualTo("\"a.deb\" has 2 bytes, and 3 are listed."));
    }

    [Test]
    public async Task Without_a_changes_there_is_nothing_to_go_by() =>
        Assert.That((await CheckAsync()).Single().Kind, Is.EqualTo(FindingKind.NoChanges));

    [Test]
    public async Task Of_two_changes_none_counts()
    {
        Write("a.changes", "");
        Write("b.changes", "");

        var finding = (await CheckAsync()).Single();

        Assert.That(finding.Kind, Is.EqualTo(FindingKind.SeveralChanges));
        Assert.That(finding.Text, Does.Contain("a.changes").And.Contain("b.changes"));
    }

    [Test]
    public async Task A_listed_name_that_escapes_makes_the_changes_malformed()
    {
        Changes(("../../etc/passwd", "one", 3));

        var finding = (await CheckAsync()).Single();

        Assert.That(finding.Kind, Is.EqualTo(FindingKind.MalformedChanges));
        Assert.That(finding.Text, Does.Contain("line 6").And.Contain("dot"));
    }

    [Test]
    public async Task A_link_is_no_file_wherever_it_leads()
    {
        using var outside = new TemporaryDirectory();
        await File.WriteAllTextAsync(outside["a.deb"], "one");
        Changes(("a.deb", "one", 3), ("b.deb", "two", 3), ("c.deb", "two", 3));
        File.CreateSymbolicLink(_leaf["a.deb"], outside["a.deb"]);
        File.CreateSymbolicLink(_leaf["b.deb"], outside["nowhere"]);
        Directory.CreateDirectory(_leaf["c.deb"]);

        Assert.That((await CheckAsync()).Select(finding => finding.Kind), Is.All.EqualTo(FindingKind.NotAFile).And.Exactly(3).Items);
    }

    [Test]
    public async Task A_file_without_a_SHA_256_cannot_be_checked()
    {
        Write("x.changes", Head + $"Files:\n {Md5} 3 s p a.deb\n");
        Write("a.deb", "one");

        Assert.That((await CheckAsync()).Single().Kind, Is.EqualTo(FindingKind.NoSha256));
    }

    [Test]
    public async Task Sums_that_were_computed_while_fetching_are_believed()
    {
        Changes(("a.deb", "one", 3));
        Write("a.deb", "xxx");

        Assert.That(await ChangesCheck.CheckAsync(_leaf.Path, [
            new FetchedFile { Name = "a.deb", Size = 3, Sha1 = Sha1("one"), Sha256 = Sha256("one") },
        ]), Is.Empty);
    }

    private const string Md5 = "0123456789abcdef0123456789abcdef";
    private const string Head = "Source: hello\nVersion: 1\nArchitecture: amd64\nDistribution: sid\n";

    private Task<IReadOnlyList<Finding>> CheckAsync() => ChangesCheck.CheckAsync(_leaf.Path);

    private void Changes(params (string Name, string Content, long Size)[] files) =>
        Write("x.changes", Head
            + "Files:\n" + string.Concat(files.Select(file => $" {Md5} {file.Size} s p {file.Name}\n"))
            + "Checksums-Sha256:\n" + string.Concat(files.Select(file => $" {Sha256(file.Content)} {file.Size} {file.Name}\n")));

    private void Write(string name, string content) => File.WriteAllText(_leaf[name], content);
}
