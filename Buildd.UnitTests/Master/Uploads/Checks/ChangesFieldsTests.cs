using System.Text;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>The reading of a <c>.changes</c> file, and the fields that are refused.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ChangesFieldsTests : UploadCheckFixture
{
    [Test]
    public async Task A_clear_signed_changes_is_read()
    {
        _leaf.WriteChanges(spoil: Signed);

        Assert.That((await CheckAsync()).Upload, Is.Not.Null);
    }

    [Test]
    public async Task A_changes_whose_signature_is_cut_off_is_rejected()
    {
        _leaf.WriteChanges(spoil: text => Signed(text)[..^40]);

        await RejectedAsync("can't be read: ends in the middle of its signature");
    }

    [Test]
    public async Task Text_before_the_signed_part_is_rejected()
    {
        _leaf.WriteChanges(spoil: text => "Source: other\n" + Signed(text));

        await RejectedAsync("can't be read, line 2: ");
    }

    [Test]
    public async Task Text_after_the_signature_is_not_part_of_the_changes()
    {
        _leaf.WriteChanges(spoil: text => Signed(text) + "Source: other\n");

        Assert.That((await CheckAsync()).Upload?.Changes.Source, Is.EqualTo("hello"));
    }

    [Test]
    public async Task A_second_signed_message_is_rejected()
    {
        _leaf.WriteChanges(spoil: text => Signed(text) + Signed(text));

        await RejectedAsync("a second signed message begins after the signature");
    }

    [Test]
    public async Task No_changes_at_all()
    {
        File.Delete(_leaf[UploadLeaf.ChangesName]);

        await RejectedAsync("There is no .changes.");
    }

    [Test]
    public async Task Two_of_them()
    {
        Directory.CreateDirectory(_leaf["sub"]);
        File.Copy(_leaf[UploadLeaf.ChangesName], _leaf["sub/other.changes"]);

        await RejectedAsync("There is more than one .changes: \"hello_2.10-3_amd64.changes\", \"other.changes\".");
    }

    [Test]
    public async Task All_mandatory_fields_that_are_missing_are_named()
    {
        foreach (var field in (string[])["Maintainer", "Date", "Changed-By", "Source"])
            _leaf.Fields[field] = null;
        _leaf.WriteChanges();

        var texts = await RejectedAsync("has no field Source, Maintainer, Date, Changed-By.");

        Assert.That(texts, Has.Count.EqualTo(1));
    }

    [TestCase("Format", "1.4", "is of the format \"1.4\"")]
    [TestCase("Format", "2.1", "is of the format \"2.1\"")]
    [TestCase("Format", "new", "is of the format \"new\"")]
    [TestCase("Changed-By", "Jane Doe", "has the field Changed-By, which is not 'Name <address>'")]
    [TestCase("Changed-By", "Jane <jane>", "has the field Changed-By")]
    [TestCase("Source", "Hello", "is refused, line 3: \"Hello\" is no name of a source package")]
    [TestCase("Source", "hallo", "is of the source package \"hallo\"")]
    [TestCase("Version", "2.10-4", "is of the version \"2.10-4\"")]
    [TestCase("Version", "2.10 3", "\"2.10 3\" is no version")]
    [TestCase("Distribution", "sid", "The upload is for \"sid\", and the build was for bookworm")]
    [TestCase("Architecture", "amd64 all", "The field Architecture says \"all\", and no package is for it")]
    [TestCase("Architecture", "amd64 source", "The field Architecture says source, and there is no part of one")]
    [TestCase("Architecture", "i386", "There are packages for \"amd64\", and the field Architecture does not say so")]
    [TestCase("Binary", "other", "is of the package \"hello\", which the field Binary does not name")]
    public async Task A_field_that_is_wrong(string field, string value, string finding)
    {
        _leaf.Fields[field] = value;
        _leaf.WriteChanges();

        await RejectedAsync(finding);
    }

    [Test]
    public async Task An_unknown_suite_when_the_archive_has_a_list()
    {
        var result = await CheckAsync(policy: new UploadPolicy { Suites = new HashSet<string> { "trixie" } });

        Assert.That(result.Upload, Is.Null);
        Assert.That(result.Findings.Single().Text, Does.Contain("is for the unknown suite \"bookworm\""));
    }

    [TestCase("Urgency", "whenever", "has the unknown urgency \"whenever\", which is taken for low")]
    public async Task What_is_only_worth_a_warning(string field, string value, string finding)
    {
        _leaf.Fields[field] = value;
        _leaf.WriteChanges();

        var result = await CheckAsync();

        Assert.That(result.Upload, Is.Not.Null);
        Assert.That(result.Findings.Single().ToString(), Does.StartWith("Warning: ").And.Contains(finding));
    }

    [Test]
    public async Task A_field_that_is_there_twice()
    {
        _leaf.WriteChanges(spoil: text => "Source: hello\n" + text);

        await RejectedAsync("can't be read, line 4: the field Source is there a second time");
    }

    [Test]
    public async Task A_changelog_in_Latin_1_is_accepted_and_its_bytes_stay()
    {
        _leaf.Fields["Changed-By"] = "J\u00f6rg Doe <joerg@example.org>";
        _leaf.Fields["Changes"] = "\n hello (2.10-3) bookworm; urgency=medium\n .\n   * Gr\u00fc\u00dfe.";
        var bytes = Encoding.Latin1.GetBytes(_leaf.ChangesText());
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.ChangesName], bytes);

        var result = await CheckAsync();

        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.ChangedBy, Is.EqualTo("J\u00f6rg Doe <joerg@example.org>"));
        Assert.That(await File.ReadAllBytesAsync(result.Upload!.ChangesPath), Is.EqualTo(bytes));
    }

    [Test]
    public async Task A_name_in_Windows_1252_is_read_as_its_writer_saw_it()
    {
        _leaf.Fields["Changed-By"] = "Jiri? <jiri@example.org>";
        byte[] bytes = [.. Encoding.Latin1.GetBytes(_leaf.ChangesText())];
        bytes[bytes.AsSpan().IndexOf("? <jiri"u8)] = 0x8A;
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.ChangesName], bytes);

        var result = await CheckAsync();

        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.ChangedBy, Is.EqualTo("Jiri\u0160 <jiri@example.org>"));
    }

    [Test]
    public async Task A_name_of_a_source_that_is_not_ASCII_is_rejected_in_any_encoding()
    {
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.ChangesName], [.. "Source: h"u8, 0xE9, .. "llo\n"u8]);

        await RejectedAsync("is no name of a source package");
    }

    [Test]
    public async Task A_changes_that_ends_in_the_middle()
    {
        _leaf.WriteChanges(spoil: text => text[..(text.Length / 2)]);

        await RejectedAsync("has no field Files");
    }

    [Test]
    public async Task An_empty_changes()
    {
        _leaf.WriteChanges(spoil: _ => "");

        await RejectedAsync("has no field in it");
    }

    [Test]
    public async Task A_huge_changes_is_not_read()
    {
        using (var file = File.OpenHandle(_leaf[UploadLeaf.ChangesName], FileMode.Open, FileAccess.Write))
            RandomAccess.SetLength(file, 1L << 40);

        await RejectedAsync("is larger than 8388608 bytes");
    }

    [Test]
    public async Task A_changes_that_is_a_link()
    {
        File.Move(_leaf[UploadLeaf.ChangesName], _folder["elsewhere.changes"]);
        File.CreateSymbolicLink(_leaf[UploadLeaf.ChangesName], _folder["elsewhere.changes"]);

        await RejectedAsync("\"hello_2.10-3_amd64.changes\" is a link");
    }

    private static string Signed(string text) =>
        $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP "
            + "SIGNATURE-----\n";
}
