using System.Formats.Tar;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Checks;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>Each test spoils a good leaf in one way, unless it says otherwise, and reads what is said about it.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadCheckTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _folder = new();
    private readonly UploadLeaf _leaf;

    public UploadCheckTests()
    {
        Machine.Require(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb");
        _leaf = UploadLeaf.MakeGood(_folder["leaf"]);
    }

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_good_upload_is_accepted_with_nothing_to_say()
    {
        var result = await CheckAsync();

        Assert.That(result.Findings, Is.Empty);
        var binary = result.Upload!.Binaries.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((binary.Package, binary.Version, binary.Architecture), Is.EqualTo(("hello", "2.10-3", "amd64")));
            Assert.That((binary.Source, binary.SourceVersion), Is.EqualTo(("hello", "2.10-3")));
            Assert.That((binary.File.Component, binary.File.Section, binary.File.Priority), Is.EqualTo(("main", "devel", "optional")));
            Assert.That(result.Upload.Files.Select(file => file.Kind), Is.EqualTo(new[] { UploadFileKind.Deb, UploadFileKind.BuildInfo }));
            Assert.That((result.ChangedBy, result.Names, result.Version), Is.EqualTo(("Jane Doe <jane@example.org>", "hello", "2.10-3")));
        }
    }

    [Test]
    public async Task The_changes_may_be_in_any_folder_of_the_leaf_and_the_log_beside_it()
    {
        UploadLeaf.MakeGood(_folder["other/1/debian"]);
        File.WriteAllText(_folder["other/buildlog"], "log");

        Assert.That((await CheckAsync(leaf: _folder["other"])).Findings, Is.Empty);
    }

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
    public async Task Text_outside_of_the_signature_is_rejected()
    {
        _leaf.WriteChanges(spoil: text => Signed(text) + "Source: other\n");

        await RejectedAsync("there is text after the signature");
    }

    [Test]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        _leaf.AddDeb("other_1.0_i386.deb", DebFile.ControlOf("othre", "1.1", "arm64", "Depends: \n"), section: "games");
        _leaf.List("missing_2.10-3_amd64.deb");
        _leaf.WriteChanges();
        await File.AppendAllTextAsync(_leaf[UploadLeaf.BuildInfoName], "x");

        var texts = await RejectedAsync("\"missing_2.10-3_amd64.deb\" is listed and isn't there");

        Assert.That(texts, Has.Some.StartsWith("\"hello_2.10-3_amd64.buildinfo\" has 43 bytes, and 42 are listed"));
        Assert.That(texts, Has.Some.EqualTo("There is more than one architecture: \"amd64\", \"i386\"."));
        Assert.That(texts, Has.Some.EqualTo("There are packages for \"i386\", and the field Architecture does not say so."));
        Assert.That(texts, Has.Some.EqualTo("The upload is for \"i386\", and the build was for amd64."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" is of the package \"othre\", which the field Binary does not name."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" is of the package \"othre\"."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" has the version \"1.1\"."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" is for \"arm64\"."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" has an empty field Depends."));
        Assert.That(texts, Has.Some.EqualTo("\"other_1.0_i386.deb\" is built from the source \"othre\", and not from \"hello\"."));
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
    public async Task A_file_that_is_not_listed_is_only_worth_a_warning()
    {
        File.WriteAllText(_leaf["stranger"], "");

        var result = await CheckAsync();

        Assert.That(result.Upload, Is.Not.Null);
        Assert.That(result.Findings.Single(), Is.EqualTo(new UploadFinding(true, "stranger", "\"stranger\" is in the leaf and not listed.")));
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
        _leaf.WriteChanges(spoil: text => text.Replace("Files:\n", "Files:\n zz 1 devel optional a.deb\n short line\n", StringComparison.Ordinal));

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
    public async Task A_field_that_is_there_twice()
    {
        _leaf.WriteChanges(spoil: text => "Source: hello\n" + text);

        await RejectedAsync("can't be read, line 4: the field Source is there a second time");
    }

    [Test]
    public async Task A_changes_that_is_not_UTF_8()
    {
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.ChangesName], [.. "Source: h"u8, 0xE9, .. "llo\n"u8]);

        await RejectedAsync("can't be read, line 1: is not UTF-8");
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

    [Test]
    public async Task A_package_that_ends_in_the_middle()
    {
        var bytes = await File.ReadAllBytesAsync(_leaf[UploadLeaf.DebName]);
        await File.WriteAllBytesAsync(_leaf[UploadLeaf.DebName], bytes[..(bytes.Length - 50)]);
        _leaf.WriteChanges();

        await RejectedAsync("can't be read by dpkg-deb --fsys-tarfile: ");
    }

    [Test]
    public async Task A_package_that_is_none()
    {
        await File.WriteAllTextAsync(_leaf[UploadLeaf.DebName], "this is no package");
        _leaf.WriteChanges();

        var texts = await RejectedAsync("can't be read by dpkg-deb --ctrl-tarfile: ");

        Assert.That(texts, Has.None.Contains(_folder.Path), "the maker is not told of our folders");
    }

    [TestCase("readme.txt", "devel", "which is neither a package nor a part of a source")]
    [TestCase("x_1_amd64.deb", "nonsense", "in the unknown section \"nonsense\"")]
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
    public async Task A_custom_file_is_taken_by_its_section()
    {
        _leaf.Add("installer.tar.gz", "content", "raw-installer");
        _leaf.WriteChanges();

        Assert.That((await CheckAsync()).Upload!.Files.Select(file => file.Kind), Has.Some.EqualTo(UploadFileKind.Custom));
    }

    [Test]
    public async Task A_package_of_the_component_partner_comes_alone()
    {
        _leaf.AddDeb("paid_2.10-3_amd64.deb", DebFile.ControlOf("paid", "2.10-3", "amd64", "Source: hello\n"), "partner/devel");
        _leaf.Fields["Binary"] = "hello paid";
        _leaf.WriteChanges();

        await RejectedAsync("There are packages of the component partner together with others");
    }

    [TestCase("", "has a control file without the field Package")]
    [TestCase("Package: hello\n", "has a control file without the field Version")]
    [TestCase("Package: hello\nVersion: 2.10-3\n", "has a control file without the field Architecture")]
    [TestCase("Package: hello\nPackage: hello\n", "has a control file that can't be read, line 2: the field Package is there a second time")]
    [TestCase("Package: hello\n\nPackage: hello\n", "has a control file that is not one paragraph")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSection: games\n", "is in the section \"games\", and the .changes says main/devel")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nPriority: extra\n", "has the priority \"extra\", and the .changes says optional")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: i386\n", "is for \"i386\", and the build was for amd64")]
    [TestCase("Package: hello\nVersion: :1\nArchitecture: amd64\n", "has the version \":1\", which is none")]
    [TestCase("Package: HELLO\nVersion: 2.10-3\nArchitecture: amd64\n", "is of the package \"HELLO\", which is no name of one")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSource: other\n", "is built from the source \"other\", and not from \"hello\"")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSource: hello (1)\n", "is built from the source's version \"1\", and not from \"2.10-3\"")]
    public async Task A_control_file_that_is_wrong(string control, string finding)
    {
        Replace(new DebFile { Control = control + "Maintainer: x\n" });

        await RejectedAsync(finding);
    }

    [Test]
    public async Task A_rebuild_without_changes_has_the_version_of_its_source_in_the_field_Source()
    {
        var leaf = UploadLeaf.Make(_folder["rebuild"]);
        leaf.AddDeb("hello_2.10-3+b1_amd64.deb", DebFile.ControlOf("hello", "1:2.10-3+b1", "amd64", "Source: hello (1:2.10-3)\n"));
        leaf.Fields["Version"] = "1:2.10-3+b1";
        leaf.Fields["Source"] = "hello (1:2.10-3)";
        leaf.WriteChanges("hello_2.10-3+b1_amd64.changes");

        var result = await CheckAsync(leaf: leaf.Path, target: Target with { SourceVersion = "1:2.10-3" });

        Assert.That(result.Findings, Is.Empty);
        Assert.That(result.Upload!.Binaries.Single().SourceVersion, Is.EqualTo("1:2.10-3"));
    }

    [Test]
    public async Task A_build_of_another_source_is_not_this_upload_s()
    {
        var result = await CheckAsync(target: Target with { Source = "hullo", SourceVersion = "1" });

        Assert.That(result.Findings.Select(finding => finding.Text), Has.Some.EqualTo("The upload is of the source \"hello\", and the build was of hullo.")
            .And.Some.EqualTo("The upload is of the source's version \"2.10-3\", and the build was of 1."));
    }

    [Test]
    public async Task A_package_without_a_control_file()
    {
        Replace(new DebFile());

        await RejectedAsync("has no control file in it");
    }

    [Test]
    public async Task A_control_file_that_is_a_link()
    {
        Replace(new DebFile { ControlMembers = [DebFile.Link("./control", "/etc/passwd")] });

        await RejectedAsync("has a control file that is no plain file");
    }

    [Test]
    public async Task Two_control_files()
    {
        var control = DebFile.ControlOf("hello", "2.10-3", "amd64");
        Replace(new DebFile { Control = control, ControlMembers = [DebFile.Member("./control", control)] });

        await RejectedAsync("has more than one control file");
    }

    [Test]
    public async Task A_huge_control_file()
    {
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64", "X: " + new string('x', 9_000_000) + "\n") });

        await RejectedAsync("a member is to be read that has 9000122 bytes, and 8388608 are allowed");
    }

    [TestCase("/etc/passwd")]
    [TestCase("./../../etc/passwd")]
    [TestCase("..")]
    public async Task A_member_that_leads_out(string name)
    {
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64"), Members = [DebFile.Member(name, "x")] });

        await RejectedAsync($"has the member \"{name}\", which leads out of the package");
    }

    [Test]
    public async Task A_script_that_leads_out()
    {
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64"), ControlMembers = [DebFile.Member("../postinst", "x")] });

        await RejectedAsync("has the member \"../postinst\", which leads out of the package");
    }

    [Test]
    public async Task Of_many_hostile_members_the_first_few_are_named()
    {
        Replace(new DebFile
        {
            Control = DebFile.ControlOf("hello", "2.10-3", "amd64"),
            Members = [.. Enumerable.Range(0, 1000).Select(i => DebFile.Member($"/{i}", ""))],
        });

        var texts = await RejectedAsync("has 995 more members like these");

        Assert.That(texts, Has.Count.EqualTo(6));
    }

    [TestCase(1974, false)]
    [TestCase(1975, true)]
    [TestCase(2026, true)]
    [TestCase(2027, false)]
    public async Task Times_of_members_lie_between_1975_and_tomorrow(int year, bool good)
    {
        var time = new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64"), Members = [DebFile.Member("./a", "", time)] });

        if (good)
            Assert.That((await CheckAsync()).Upload, Is.Not.Null);
        else
            await RejectedAsync($"has the member \"./a\" with the time {year}-01-01 00:00:00, which is not between 1975 and tomorrow");
    }

    [Test]
    public async Task Of_an_installer_package_the_times_do_not_matter()
    {
        _leaf.AddDeb("hello-udeb_2.10-3_amd64.udeb", new DebFile
        {
            Control = DebFile.ControlOf("hello-udeb", "2.10-3", "amd64", "Source: hello\n"),
            Members = [DebFile.Member("./a", "", DateTimeOffset.UnixEpoch)],
        }, "debian-installer");
        _leaf.Fields["Binary"] = "hello hello-udeb";
        _leaf.WriteChanges();

        Assert.That((await CheckAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task A_tar_of_a_kind_that_dpkg_does_not_know()
    {
        Replace(new DebFile
        {
            Control = DebFile.ControlOf("hello", "2.10-3", "amd64"),
            Members = [new PaxTarEntry(TarEntryType.RegularFile, "./a") { ModificationTime = DebFile.Time }],
        });

        await RejectedAsync("a member is of the type 'x', which dpkg does not know");
    }

    [Test]
    public async Task What_unpacks_to_more_than_is_allowed_is_not_unpacked_to_its_end()
    {
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64"), Zeroes = 300 << 20 });

        var result = await CheckAsync(policy: new UploadPolicy { MaxUnpackedBytes = 1 << 20 });

        Assert.That(result.Findings.Single().Text, Does.Contain("it unpacks to more than 1048576 bytes"));
        Assert.That((await CheckAsync()).Upload, Is.Not.Null, "with the limit that is the default");
    }

    [Test]
    public async Task More_members_than_are_allowed()
    {
        Replace(new DebFile
        {
            Control = DebFile.ControlOf("hello", "2.10-3", "amd64"),
            Members = [.. Enumerable.Range(0, 20).Select(i => DebFile.Member($"./{i}", ""))],
        });

        var result = await CheckAsync(policy: new UploadPolicy { MaxMembers = 10 });

        Assert.That(result.Findings.Single().Text, Does.Contain("it has more than 10 members"));
    }

    [Test]
    public async Task A_package_that_can_not_be_read_in_time()
    {
        Replace(new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64") });
        var time = new ManualTimeProvider { SkipsWaits = true };

        var result = await new UploadCheck(new UploadPolicy { PackageTimeout = TimeSpan.FromMinutes(2) }, time).CheckAsync(_leaf.Path, Target);

        Assert.That(result.Findings.Select(finding => finding.Text), Is.EqualTo(["\"hello_2.10-3_amd64.deb\" could not be read within 2 minutes."]));
    }

    [TestCase("hello-dbgsym_2.10-3_amd64.ddeb", null)]
    [TestCase("hello-dbgsym_2.10-4_amd64.ddeb", "has debug symbols of no package in this upload")]
    [TestCase("other-dbgsym_2.10-3_amd64.ddeb", "has debug symbols of no package in this upload")]
    [TestCase("hello_2.10-3_amd64.ddeb", "is not called NAME-dbgsym_VERSION_ARCHITECTURE.ddeb")]
    public async Task Debug_symbols_belong_to_a_package(string name, string? finding)
    {
        var parts = Path.GetFileNameWithoutExtension(name).Split('_');
        _leaf.AddDeb(name, DebFile.ControlOf(parts[0], parts[1], parts[2], "Source: hello (2.10-3)\n"), "debug");
        _leaf.WriteChanges();

        if (finding is null)
            Assert.That((await CheckAsync()).Findings, Is.Empty);
        else
            await RejectedAsync(finding);
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

    [Test]
    public async Task An_upload_with_a_thousand_mistakes_gets_a_list_that_ends()
    {
        for (var i = 0; i < 1000; i++)
            _leaf.List($"missing{i}_2.10-3_amd64.deb");
        _leaf.WriteChanges();

        var texts = await RejectedAsync("There are 800 more findings that are not listed.");

        Assert.That(texts, Has.Count.EqualTo(201));
    }

    [Test]
    public async Task What_is_said_of_hostile_names_commands_no_terminal()
    {
        _leaf.Fields["Binary"] = "hello";
        _leaf.Fields["Distribution"] = "book\u001b[31mworm";
        _leaf.WriteChanges();

        var result = await CheckAsync();

        Assert.That(result.Findings.Single().Text, Does.Contain("\\u001b").And.Not.Contains("\u001b"));
    }

    private static UploadTarget Target => new() { Architecture = "amd64", Source = "hello", SourceVersion = "2.10-3", Suite = "bookworm" };

    private static string Signed(string text) =>
        $"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP SIGNATURE-----\n";

    private Task<UploadCheckResult> CheckAsync(UploadPolicy? policy = null, string? leaf = null, UploadTarget? target = null) =>
        new UploadCheck(policy, new FixedTime(Now)).CheckAsync(leaf ?? _leaf.Path, target ?? Target);

    private async Task<List<string>> RejectedAsync(string finding)
    {
        var result = await CheckAsync();
        var texts = result.Findings.Where(one => !one.IsWarning).Select(one => one.Text).ToList();
        Assert.That(result.Upload, Is.Null);
        Assert.That(texts, Has.Some.Contains(finding));
        return texts;
    }

    private void Replace(DebFile deb)
    {
        deb.Write(_leaf[UploadLeaf.DebName]);
        _leaf.WriteChanges();
    }
}
