using Buildd.Master.Uploads;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>An upload as a whole: beside its build, and the list of its findings.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadCheckTests : UploadCheckFixture
{
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
    public async Task A_package_of_the_component_partner_comes_alone()
    {
        _leaf.AddDeb("paid_2.10-3_amd64.deb", DebFile.ControlOf("paid", "2.10-3", "amd64", "Source: hello\n"), "partner/devel");
        _leaf.Fields["Binary"] = "hello paid";
        _leaf.WriteChanges();

        await RejectedAsync("There are packages of the component partner together with others");
    }

    [Test]
    public async Task A_build_of_another_source_is_not_this_upload_s()
    {
        var result = await CheckAsync(target: Target with { Source = "hullo", SourceVersion = "1" });

        Assert.That(result.Findings.Select(finding => finding.Text), Has.Some.EqualTo(
            "The upload is of the source \"hello\", and the build was of hullo.")
            .And.Some.EqualTo("The upload is of the source's version \"2.10-3\", and the build was of 1."));
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
}
