using Buildd.Debian.Packages;
using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.Packages;

[Parallelizable(ParallelScope.All)]
public sealed class SourceControlTests
{
    private const string Sum = "0123456789abcdef0123456789abcdef";

    private const string Minimal = "Format: 1.0\nSource: hello\nBinary: hello, hello-doc,\n libhello1\n"
        + "Architecture: any all\nVersion: 1:2.0~rc1-1\nFiles:\n " + Sum + " 10 hello_2.0.tar.gz\n";

    [Test]
    public async Task A_signed_dsc_of_the_archive_is_read()
    {
        var dsc = await SourceControl.ReadFileAsync(PathOf("hello_2.10-3.dsc"));

        Assert.That(dsc.Format, Is.EqualTo("3.0 (quilt)"));
        Assert.That((dsc.Source, dsc.Version), Is.EqualTo(("hello", "2.10-3")));
        Assert.That(dsc.Architectures, Is.EqualTo(["any"]));
        Assert.That(dsc.Paragraph["Build-Depends"], Is.EqualTo("debhelper-compat (= 13), help2man, texinfo"));
        Assert.That(dsc.Files.Select(file => file.Name),
            Is.EqualTo(["hello_2.10.orig.tar.gz", "hello_2.10.orig.tar.gz.asc", "hello_2.10-3.debian.tar.xz"]));
        Assert.That(dsc.Files[0], Is.EqualTo(new ListedFile
        {
            Name = "hello_2.10.orig.tar.gz",
            Size = 725946,
            Md5 = "6cd0ffea3884a4e79330338dcc2987d6",
            Sha1 = "f7bebf6f9c62a2295e889f66e05ce9bfaed9ace3",
            Sha256 = "31e066137a962676e89f69d1b65382de95a7ef7d914b8cb956f41ea72e0f516b",
        }));
    }

    [Test]
    public void Old_dscs_have_only_MD5_sums()
    {
        var dsc = SourceControl.Read("x.dsc", Bytes(Minimal));

        Assert.That(dsc.Binaries, Is.EqualTo(["hello", "hello-doc", "libhello1"]));
        Assert.That(dsc.Architectures, Is.EqualTo(["any", "all"]));
        Assert.That(dsc.Files.Single().Sha256, Is.Null);
    }

    [Test]
    public void Packages_that_only_the_list_of_packages_names_are_among_the_binaries()
    {
        var dsc = SourceControl.Read("x.dsc", Bytes(Minimal.Replace(
            "Files:",
            "Package-List:\n hello deb devel optional arch=any\n\thello-udeb udeb debian-installer optional arch=any\nFiles:",
            StringComparison.Ordinal)));

        Assert.That(dsc.Binaries, Is.EqualTo(["hello", "hello-doc", "libhello1", "hello-udeb"]));
    }

    [Test]
    public void A_long_folded_list_of_binaries_is_read_to_its_end()
    {
        var names = Enumerable.Range(0, 2000).Select(i => $"lib-long-name-of-a-package{i}").ToList();
        var folded = string.Join("", names.Select((name, i) => $"{name},{(i % 7 == 6 ? "\n " : " ")}")).TrimEnd(',', ' ', '\n');

        var dsc = SourceControl.Read("x.dsc", Bytes(Minimal.Replace("hello, hello-doc,\n libhello1", folded, StringComparison.Ordinal)));

        Assert.That(dsc.Binaries, Is.EqualTo(names));
    }

    [Test]
    public void Without_both_fields_there_are_no_binaries() =>
        Assert.That(
            SourceControl.Read("x.dsc", Bytes(Minimal.Replace("Binary:", "X-Other:", StringComparison.Ordinal))).Binaries, Is.Empty);

    [TestCase("Format")]
    [TestCase("Source")]
    [TestCase("Version")]
    [TestCase("Architecture")]
    [TestCase("Files")]
    public void A_missing_field_is_named(string name)
    {
        var without = Minimal.Replace(name + ":", "X-Other:", StringComparison.Ordinal);

        Assert.That(MistakeIn(() => SourceControl.Read("x.dsc", Bytes(without))).Message,
            Does.StartWith("x.dsc, line 1: ").And.Contains($"no field {name}"));
    }

    [TestCase("../x", "dot")]
    [TestCase("/etc/passwd", "slash")]
    [TestCase("-rf", "dash")]
    [TestCase("h\u00e4llo.tar.gz", "other characters")]
    [TestCase("_hello.tar.gz", "begins with neither")]
    [TestCase("x", "shorter than two")]
    public void A_name_that_escapes_is_refused_with_its_line(string name, string reason)
    {
        var hostile = Minimal.Replace("hello_2.0.tar.gz", name, StringComparison.Ordinal);

        var exception = MistakeIn(() => SourceControl.Read("x.dsc", Bytes(hostile)));

        Assert.That(exception.Line, Is.EqualTo(8));
        Assert.That(exception.Mistake, Does.Contain(reason));
    }

    [TestCase("3.x")]
    [TestCase("3.0 quilt")]
    [TestCase("1.0 (Quilt)")]
    public void A_format_that_can_not_be_one_is_refused(string format) =>
        Assert.That(
            MistakeIn(() => SourceControl.Read("x.dsc", Bytes(Minimal.Replace("1.0", format, StringComparison.Ordinal)))).Mistake,
            Does.Contain("no format of a source package"));

    [TestCase("-- \nfooter of a list\n")]
    [TestCase("Second: paragraph\n")]
    [TestCase("-----BEGIN PGP SIGNED MESSAGE-----\n")]
    public void Text_behind_the_first_paragraph_is_passed_over(string rest) =>
        Assert.That(SourceControl.Read("x.dsc", Bytes($"{Minimal}\n{rest}")).Paragraph.Fields, Has.Count.EqualTo(6));

    [TestCase("a1")]
    [TestCase("1.0-")]
    [TestCase("x:1")]
    public void A_version_that_dpkg_source_does_not_unpack_is_refused(string version) =>
        Assert.That(
            MistakeIn(() => SourceControl.Read("x.dsc", Bytes(Minimal.Replace("1:2.0~rc1-1", version, StringComparison.Ordinal)))).Mistake,
            Does.Contain("no version that dpkg-source unpacks"));

    [Test]
    public void Every_truncation_of_a_real_dsc_is_read_or_refused_but_never_crashes()
    {
        var whole = File.ReadAllBytes(PathOf("hello_2.10-3.dsc"));

        for (var length = 0; length < whole.Length - 1; length++)
        {
            var part = whole.AsMemory(0, length);
            Assert.That(() => SourceControl.Read("x.dsc", part), Throws.InstanceOf<Buildd.Debian.DebianException>(), $"{length}");
        }
    }
}
