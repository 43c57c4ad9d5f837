using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.Packages;

[Parallelizable(ParallelScope.All)]
public sealed class ChangesTests
{
    private const string Md5 = "0123456789abcdef0123456789abcdef";
    private const string Sha1 = Md5 + "01234567";
    private const string Head = "Source: hello\nVersion: 1\nArchitecture: amd64\nDistribution: sid\n";

    [Test]
    public async Task The_changes_of_a_real_build_is_read()
    {
        var changes = await Changes.ReadFileAsync(PathOf("hello_2.10-3_amd64.changes"));

        Assert.That((changes.Source, changes.Version, changes.SourceVersion), Is.EqualTo(("hello", "2.10-3", "2.10-3")));
        Assert.That(changes.Architectures, Is.EqualTo(["amd64"]));
        Assert.That(changes.Distributions, Is.EqualTo(["bookworm"]));
        Assert.That(changes.Binaries, Is.EqualTo(["hello", "hello-dbgsym"]));
        Assert.That(changes.Files, Has.Count.EqualTo(3));
        Assert.That(changes.Files[0], Is.EqualTo(new ListedFile
        {
            Name = "hello-dbgsym_2.10-3_amd64.deb",
            Size = 35096,
            Md5 = "12b03c0b3120cb091304879b51a0394b",
            Sha1 = "b243149f00a38393bf93a916c2a078a3fecf4e2e",
            Sha256 = "4e7826c67719ed5f81b7206bc1bdf505e99509f082d9a22b5d9f9db5e19951ae",
            Section = "debug",
            Priority = "optional",
        }));
    }

    [TestCase("fx-ok_1.0_amd64.changes", "1.0", 2)]
    [TestCase("ucf_3.0043+nmu1+deb12u1_amd64.changes", "3.0043+nmu1+deb12u1", 2)]
    public async Task Others_are_read_too(string name, string version, int files)
    {
        var changes = await Changes.ReadFileAsync(PathOf(name));

        Assert.That(changes.Version, Is.EqualTo(version));
        Assert.That(changes.Files, Has.Count.EqualTo(files));
        Assert.That(changes.Files.Select(file => file.Sha256), Has.None.Null);
    }

    [TestCase("hello_2.10-3_amd64.buildinfo", "hello")]
    [TestCase("ucf_3.0043+nmu1+deb12u1_amd64.buildinfo", "ucf")]
    public async Task A_buildinfo_is_an_ordinary_control_file(string name, string source)
    {
        var paragraph = (await ControlReader.ReadFileAsync(PathOf(name))).Single();

        Assert.That(paragraph["Source"], Is.EqualTo(source));
        Assert.That(paragraph["Installed-Build-Depends"], Does.Contain("base-files (= 12.4+deb12u15),"));
    }

    [Test]
    public void The_first_file_may_stand_in_the_line_of_its_field()
    {
        var changes = Read(
            $"{Head}Checksums-Sha1: {Sha1} 1 a_1.deb\n {Sha1} 2 b_1.deb\n"
            + $"Files: {Md5} 1 devel optional a_1.deb\n {Md5} 2 devel optional b_1.deb\n");

        Assert.That(changes.Files.Select(file => (file.Name, file.Sha1)), Is.EqualTo([("a_1.deb", Sha1), ("b_1.deb", Sha1)]));
    }

    [Test]
    public void A_rebuild_without_changes_names_the_version_of_its_source()
    {
        var changes = Read("Source: hello (2.10-3)\nVersion: 2.10-3+b1\nArchitecture: amd64\nDistribution: sid\nFiles:\n");

        Assert.That(changes.Source, Is.EqualTo("hello"));
        Assert.That(changes.Version, Is.EqualTo("2.10-3+b1"));
        Assert.That(changes.SourceVersion, Is.EqualTo("2.10-3"));
    }

    [Test]
    public void Sums_in_capitals_are_made_small() =>
        Assert.That(Read(Head + $"Files:\n {Md5.ToUpperInvariant()} 1 s p a.deb\n").Files[0].Md5, Is.EqualTo(Md5));

    [TestCase("Files:\n MD5 1 s p a\n MD5 1 s p a\n", 7, "Files names \"a\" a second time")]
    [TestCase("Files:\n MD5 1 s p a\nChecksums-Sha1:\n SHA1 2 a\n", 8, "has 2 bytes, and Files says 1")]
    [TestCase("Files:\n MD5 1 s p a\nChecksums-Sha1:\n SHA1 1 b\n", 8, "names \"b\", which is not in Files")]
    [TestCase("Files:\n MD5 1 s p a\nChecksums-Sha1:\n SHA1 1 a\n SHA1 1 a\n", 9, "names \"a\" a second time")]
    [TestCase("Files:\n MD5 1 s p a\nChecksums-Sha1:\n", 7, "does not name \"a\"")]
    [TestCase("Files:\n MD5 1 s p a\nChecksums-Sha256:\n SHA1 1 a\n", 8, "64 hexadecimal digits")]
    [TestCase("Files:\n MD5 1 a\n", 6, "has 5 parts, not 3")]
    [TestCase("Files:\n .\n", 6, "has 5 parts, not 1")]
    [TestCase("Files:\n MD5 -1 s p a\n", 6, "\"-1\" is no size")]
    [TestCase("Files:\n MD5 99999999999999999999 s p a\n", 6, "no size")]
    [TestCase("Files:\n xyz 1 s p a\n", 6, "32 hexadecimal digits")]
    [TestCase("Files:\n MD5 1 s p ../../a\n", 6, "dot")]
    [TestCase("Files:\n# comment\n MD5 1 s p a/b\n", 7, "slash")]
    public void Lists_that_are_malformed_or_disagree_are_refused(string lists, int line, string mistake)
    {
        var text = Head + lists.Replace("MD5", Md5, StringComparison.Ordinal).Replace("SHA1", Sha1, StringComparison.Ordinal);

        var exception = MistakeIn(() => Read(text.Replace("Checksums-" + Sha1, "Checksums-Sha1", StringComparison.Ordinal)));

        Assert.That(exception.Line, Is.EqualTo(line));
        Assert.That(exception.Mistake, Does.Contain(mistake));
    }

    [TestCase("Source: hello", "Source: hello world", "neither NAME nor NAME (VERSION)")]
    [TestCase("Source: hello", "Source: ../x", "no name of a source package")]
    [TestCase("Source: hello", "Source: hello (1/2)", "no version")]
    [TestCase("Version: 1", "Version: 1 2", "no version")]
    [TestCase("Version: 1", "Version:", "empty")]
    [TestCase("Version: 1", "Version: 1\n 2", "more than one line")]
    [TestCase("Distribution: sid", "Distribution:", "empty")]
    public void A_malformed_field_is_refused(string field, string replacement, string mistake) =>
        Assert.That(MistakeIn(() => Read(Head.Replace(field, replacement, StringComparison.Ordinal) + "Files:\n")).Mistake,
            Does.Contain(mistake));

    [Test]
    public void A_second_paragraph_is_refused() =>
        Assert.That(MistakeIn(() => Read(Head + "Files:\n\nSource: other\n")).Line, Is.EqualTo(7));

    [Test]
    public void A_list_without_end_is_refused()
    {
        var lines = string.Concat(Enumerable.Range(0, 10_001).Select(i => $" {Md5} 1 s p f{i}\n"));

        Assert.That(MistakeIn(() => Read(Head + "Files:\n" + lines)).Mistake, Does.Contain("10000"));
    }

    private static Changes Read(string text) => Changes.Read("x.changes", Bytes(text));
}
