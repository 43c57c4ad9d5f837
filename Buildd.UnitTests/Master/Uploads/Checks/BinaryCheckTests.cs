using System.Formats.Tar;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Packages;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>The inside of binary packages: control files, members and their times.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BinaryCheckTests : UploadCheckFixture
{
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

    [TestCase("hello-dbgsym", "debug-symbols", true)]
    [TestCase("hello-dbgsym", "something-else", false)]
    [TestCase("other-dbgsym", "debug-symbols", false)]
    [TestCase("hello-doc", "debug-symbols", false)]
    public async Task Debug_symbols_that_dpkg_made_need_not_be_named_by_the_field_binary(string package, string automatic, bool isGood)
    {
        _leaf.AddDeb(
            $"{package}_2.10-3_amd64.deb",
            DebFile.ControlOf(package, "2.10-3", "amd64", $"Source: hello\nSection: debug\nAuto-Built-Package: {automatic}\n"), "debug");
        _leaf.WriteChanges();

        if (isGood)
            Assert.That((await CheckAsync()).Upload, Is.Not.Null);
        else
            await RejectedAsync($"is of the package \"{package}\", which the field Binary does not name");
    }

    [TestCase("", "has a control file without the field Package")]
    [TestCase("Package: hello\n", "has a control file without the field Version")]
    [TestCase("Package: hello\nVersion: 2.10-3\n", "has a control file without the field Architecture")]
    [TestCase(
        "Package: hello\nPackage: hello\n", "has a control file that can't be read, line 2: the field Package is there a second time")]
    [TestCase("Package: hello\n\nPackage: hello\n", "has a control file that is not one paragraph")]
    [TestCase(
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSection: games\n",
        "is in the section \"games\", and the .changes says main/devel")]
    [TestCase(
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nPriority: extra\n",
        "has the priority \"extra\", and the .changes says optional")]
    [TestCase("Package: hello\nVersion: 2.10-3\nArchitecture: i386\n", "is for \"i386\", and the build was for amd64")]
    [TestCase("Package: hello\nVersion: :1\nArchitecture: amd64\n", "has the version \":1\", which is none")]
    [TestCase("Package: HELLO\nVersion: 2.10-3\nArchitecture: amd64\n", "is of the package \"HELLO\", which is no name of one")]
    [TestCase(
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSource: other\n",
        "is built from the source \"other\", and not from \"hello\"")]
    [TestCase(
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nSource: hello (1)\n",
        "is built from the source's version \"1\", and not from \"2.10-3\"")]
    public async Task A_control_file_that_is_wrong(string control, string finding)
    {
        Replace(new DebFile { Control = control + "Maintainer: x\n" });

        await RejectedAsync(finding);
    }

    [TestCase("hello", "", null)]
    [TestCase("hello-dbgsym", "Auto-Built-Package: debug-symbols\n", null)]
    [TestCase("hello-dbgsym", "", "is named as the debug symbols of hello, and has no field 'Auto-Built-Package: debug-symbols'")]
    [TestCase("hello-dbgsym", "Auto-Built-Package: more\n", "is named as the debug symbols of hello, and has no field")]
    [TestCase("bash", "", "is of the package \"bash\", which the .dsc of the source \"hello\" does not name (Binary, Package-List)")]
    [TestCase("bash", "Auto-Built-Package: debug-symbols\n", "is of the package \"bash\", which the .dsc of the source")]
    [TestCase("bash-dbgsym", "Auto-Built-Package: debug-symbols\n", "is of the package \"bash-dbgsym\", which the .dsc of the source")]
    [TestCase("hello-dbgsym-dbgsym", "Auto-Built-Package: debug-symbols\n", "is of the package \"hello-dbgsym-dbgsym\", which the .dsc")]
    public async Task A_source_publishes_only_packages_of_its_dsc_and_their_debug_symbols(string package, string field, string? finding)
    {
        var leaf = LeafOf(package, field, "deb");

        var result = await CheckAsync(leaf: leaf.Path, target: Target with { Binaries = ["hello", "hello-doc"] });

        if (finding is null)
            Assert.That(result.Findings, Is.Empty);
        else
            Assert.That(result.Findings.Select(one => one.Text), Has.Some.Contains(finding));
        Assert.That(result.Upload is null, Is.EqualTo(finding is not null));
    }

    [Test]
    public async Task Installer_packages_have_no_debug_symbols_and_those_of_Ubuntu_are_not_marked()
    {
        var udeb = LeafOf("hello-dbgsym", "Auto-Built-Package: debug-symbols\n", "udeb");
        _leaf.AddDeb("hello-dbgsym_2.10-3_amd64.ddeb", DebFile.ControlOf("hello-dbgsym", "2.10-3", "amd64", "Source: hello\n"));
        _leaf.WriteChanges();
        var target = Target with { Binaries = ["hello"] };

        Assert.That(
            (await CheckAsync(leaf: udeb.Path, target: target)).Findings.Select(one => one.Text), Has.Some.Contains("which the .dsc of"));
        Assert.That((await CheckAsync(target: target)).Findings, Is.Empty);
    }

    [Test]
    public async Task A_source_whose_dsc_names_no_package_publishes_none() =>
        Assert.That(
            (await CheckAsync(target: Target with { Binaries = [] })).Findings.Single().Text,
            Does.Contain("is of the package \"hello\", which the .dsc of the source \"hello\" does not name"));

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
        Replace(
            new DebFile { Control = DebFile.ControlOf("hello", "2.10-3", "amd64"), ControlMembers = [DebFile.Member("../postinst", "x")] });

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

        var result = await new UploadCheck(new UploadPolicy { PackageTimeout = TimeSpan.FromMinutes(2) }, time)
            .CheckAsync(_leaf.Path, Target);

        Assert.That(
            result.Findings.Select(finding => finding.Text),
            Is.EqualTo(["\"hello_2.10-3_amd64.deb\" could not be read within 2 minutes."]));
    }

    private UploadLeaf LeafOf(string package, string field, string extension)
    {
        var leaf = UploadLeaf.Make(_folder["other"]);
        leaf.AddDeb($"{package}_2.10-3_amd64.{extension}", DebFile.ControlOf(package, "2.10-3", "amd64", $"Source: hello\n{field}"));
        leaf.Fields["Binary"] = package;
        leaf.WriteChanges();
        return leaf;
    }

    private void Replace(DebFile deb)
    {
        deb.Write(_leaf[UploadLeaf.DebName]);
        _leaf.WriteChanges();
    }
}
