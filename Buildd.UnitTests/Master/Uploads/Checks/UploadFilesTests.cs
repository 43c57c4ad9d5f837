using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>The files that a <c>.changes</c> file lists, beside those that are there.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadFilesTests : UploadCheckFixture
{
    [Test]
    public async Task A_file_that_is_not_listed_is_only_worth_a_warning()
    {
        File.WriteAllText(_leaf["stranger"], "");

        var result = await CheckAsync();

        Assert.That(result.Upload, Is.Not.Null);
        Assert.That(
            result.Findings.Single(), Is.EqualTo(new UploadFinding(true, "stranger", "\"stranger\" is in the leaf and not listed.")));
    }

    [Test]
    public async Task A_changes_that_lists_itself()
    {
        _leaf.List(UploadLeaf.ChangesName);
        _leaf.WriteChanges();

        await RejectedAsync("lists itself");
    }

    [TestCase("../../etc/passwd", "it has a slash or a backslash in it", Description = "two dots first")]
    [TestCase("/etc/passwd", "it has a slash or a backslash in it")]
    [TestCase("sub/x.deb", "it has a slash or a backslash in it")]
    [TestCase("-rf.deb", "it begins with a dash")]
    [TestCase(".hidden.deb", "it begins with a dot")]
    public async Task A_name_that_escapes(string name, string mistake)
    {
        var text = _leaf.ChangesText().Replace(UploadLeaf.DebName, name, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_leaf[UploadLeaf.ChangesName], text);

        await RejectedAsync(name[0] == '.' ? "it begins with a dot" : mistake);
    }

    [Test]
    public async Task All_lines_of_a_list_that_are_wrong_are_named()
    {
        _leaf.WriteChanges(
            spoil: text => text.Replace("Files:\n", "Files:\n zz 1 devel optional a.deb\n short line\n", StringComparison.Ordinal));

        var texts = await RejectedAsync("\"zz\" is no sum of 32 hexadecimal digits");

        Assert.That(texts, Has.Some.Contains("a line of Files has 5 parts, not 2"));
    }

    [Test]
    public async Task Sizes_that_do_not_agree_between_the_lists()
    {
        _leaf.WriteChanges(spoil: text => text.Replace(" 42 devel", " 43 devel", StringComparison.Ordinal));

        await RejectedAsync("Checksums-Sha1 says that \"hello_2.10-3_amd64.buildinfo\" has 42 bytes, and Files says 43");
    }

    [Test]
    public async Task A_name_that_is_listed_twice()
    {
        _leaf.List(UploadLeaf.DebName);
        _leaf.WriteChanges();

        await RejectedAsync("Files names \"hello_2.10-3_amd64.deb\" a second time");
    }

    [Test]
    public async Task A_package_that_is_a_link()
    {
        File.Move(_leaf[UploadLeaf.DebName], _folder["elsewhere.deb"]);
        File.CreateSymbolicLink(_leaf[UploadLeaf.DebName], _folder["elsewhere.deb"]);

        var texts = await RejectedAsync("\"hello_2.10-3_amd64.deb\" is a link");

        Assert.That(texts, Has.Some.EqualTo("\"hello_2.10-3_amd64.deb\" is listed and is no plain file."));
    }

    [Test]
    public async Task A_package_that_is_a_pipe_is_not_waited_for()
    {
        File.Delete(_leaf[UploadLeaf.DebName]);
        await Buildd.Linux.Processes.ProcessRunner.CaptureAsync(Buildd.Linux.Processes.Command.Of("mkfifo", _leaf[UploadLeaf.DebName]));

        await RejectedAsync("\"hello_2.10-3_amd64.deb\" is listed and is no plain file");
    }

    [Test]
    public async Task A_folder_that_is_a_link_is_not_entered()
    {
        Directory.CreateSymbolicLink(_leaf["sub"], _folder.Path);

        await RejectedAsync("\"sub\" is a link");
    }

    [Test]
    public async Task Another_content_of_the_same_length()
    {
        var bytes = await File.ReadAllBytesAsync(_leaf[UploadLeaf.DebName]);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.DebName], bytes);

        var texts = await RejectedAsync("\"hello_2.10-3_amd64.deb\" has the MD5 ");

        Assert.That(texts, Has.Some.Contains("has the SHA-1 ").And.Some.Contains("has the SHA-256 "));
    }

    [TestCase("readme.txt", "devel", "which is neither a package nor a part of a source")]
    [TestCase("x_1_amd64.deb", "nowhere/devel", "in the unknown component \"nowhere\"")]
    [TestCase("x_1.dsc", "devel", "There are parts of a source and binary packages in one upload")]
    [TestCase("x_1.tar.xz", "devel", "There are parts of a source, and the field Architecture does not say so")]
    [TestCase("x_1ü_amd64.deb", "devel", "has a name with other characters than letters, digits and -+~._")]
    public async Task A_listed_file_that_is_wrong_by_its_name(string name, string section, string finding)
    {
        _leaf.Add(name, "content", section);
        _leaf.WriteChanges();

        await RejectedAsync(finding);
    }

    [Test]
    public async Task A_section_that_nobody_knows_is_a_warning_unless_the_administrator_has_listed_all()
    {
        _leaf.List("x_1_amd64.deb", "nonsense");
        _leaf.WriteChanges();
        const string Finding = "in the unknown section \"nonsense\"";

        var free = (await CheckAsync()).Findings.Single(one => one.Text.Contains(Finding, StringComparison.Ordinal));
        var listed = (await CheckAsync(new UploadPolicy { Sections = new HashSet<string> { "devel" } })).Findings
            .Single(one => one.Text.Contains(Finding, StringComparison.Ordinal));

        Assert.That((free.IsWarning, listed.IsWarning), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task A_priority_that_nobody_knows_is_a_warning_and_compared_as_it_is()
    {
        using var folder = new TemporaryDirectory();
        var leaf = UploadLeaf.MakeGood(folder["leaf"], priority: "whatever");

        var result = await CheckAsync(leaf: leaf.Path);

        Assert.That(
            result.Findings.Single().ToString(),
            Does.StartWith("Warning: ").And.Contains("with the unknown priority \"whatever\""));
        Assert.That(result.Upload, Is.Not.Null);
    }

    [TestCase("amd64 amd64_translations")]
    [TestCase("all_translations amd64")]
    public async Task Translations_that_the_stripper_adds_are_no_packages(string architectures)
    {
        _leaf.Fields["Architecture"] = architectures;
        _leaf.Add("hello_2.10-3_amd64_translations.tar.gz", "content", "raw-translations");
        _leaf.WriteChanges();

        var result = await CheckAsync();

        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.Upload!.Files.Select(file => file.Kind), Has.Some.EqualTo(UploadFileKind.Custom));
    }

    [TestCase("installer.tar.gz", "raw-installer", "amd64")]
    [TestCase("hello_2.10-3_manual.txt", "byhand", "amd64 manual")]
    [TestCase("hello_2.10-3_manual_en.tar.gz", "byhand", "manual_en amd64")]
    [TestCase("hello_2.10-3_all.html", "contrib/byhand", "amd64 all")]
    public async Task A_custom_file_is_taken_by_its_section(string name, string section, string architectures)
    {
        _leaf.Fields["Architecture"] = architectures; // dpkg-genchanges takes part of any name for one
        _leaf.Add(name, "content", section, "-");
        _leaf.WriteChanges();

        var result = await CheckAsync();

        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.Upload!.Files.Select(file => file.Kind), Has.Some.EqualTo(UploadFileKind.Custom));
    }

    [TestCase("Version: 1\n", "is of the version \"1\", and the upload of 2.10-3")]
    [TestCase("Version\n", "can't be read, line 1: ")]
    [TestCase("Version: 2.10-3\n\nVersion: 2.10-3\n", "is not one paragraph")]
    public async Task A_buildinfo_that_is_wrong(string content, string finding)
    {
        await File.WriteAllTextAsync(_leaf[UploadLeaf.BuildInfoName], content);
        _leaf.WriteChanges();

        await RejectedAsync(finding);
    }
}
