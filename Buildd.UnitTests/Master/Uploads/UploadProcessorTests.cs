using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Packages;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>The outcome of an upload, for its build and its leaf.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadProcessorTests : UploadProcessorFixture
{
    private const string Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE";

    [Test]
    public async Task A_good_upload_is_kept_its_build_fully_built_and_the_leaf_gone()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        build = (await _builds.FindAsync(build.Id))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Accepted));
            Assert.That(processed.Folder, Is.Null);
            Assert.That(build.State, Is.EqualTo(BuildState.FullyBuilt));
            Assert.That(build.Files.Select(file => file.Name), Is.EqualTo(new[] { UploadLeaf.DebName, UploadLeaf.BuildInfoName }));
            Assert.That(
                Names("archive/debian/bookworm/PACKAGEBUILD-1"),
                Is.EquivalentTo(new[] { UploadLeaf.DebName, UploadLeaf.BuildInfoName, UploadLeaf.ChangesName }));
            Assert.That(Tree(Root), Is.EqualTo("accepted/\nfailed/\nincoming/\nprocess-upload-buildd.lock\nrejected/\n"));
            Assert.That(_mail.Sent, Is.Empty, "nobody is told of what went well");
        }
    }

    [Test]
    public async Task A_bad_upload_is_rejected_with_a_log_and_mail_that_name_everything()
    {
        var build = await UploadingAsync();
        Spoil(Incoming(build));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        build = (await _builds.FindAsync(build.Id))!;
        var log = await File.ReadAllTextAsync(Path.Combine(Root, "upload-logs", "upload_1_log.txt"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Rejected));
            Assert.That(processed.Folder, Is.EqualTo(Path.Combine(Root, "rejected", build.Leaf!)));
            Assert.That(build.State, Is.EqualTo(BuildState.FailedToUpload));
            Assert.That(build.UploadLogName, Is.EqualTo("upload_1_log.txt"));
            Assert.That(build.Reason, Does.StartWith("\"hello_2.10-3_amd64.deb\" has the MD5 ").And.EndsWith(" is listed. (and 3 more)"));
            Assert.That(
                log, Does.StartWith(
                    $"2026-03-14 12:00:00 UTC: leaf {build.Leaf} of PACKAGEBUILD-1 ({Title})\n * \"hello_2.10-3_amd64.deb\" has the MD5 "));
            Assert.That(
                log, Does.Contain("\n * \"hello_2.10-3_amd64.buildinfo\" is listed and isn't there.\n").And.Contain("SHA-1")
                    .And.EndWith("The upload was rejected.\n"));
            Assert.That(
                _mail.Sent.Select(mail => mail.To.Address),
                Is.EqualTo(new[] { "admin@example.org", "cory@example.org", "jane@example.org" }));
            Assert.That(
                _mail.Sent[0].Body, Does.Contain("Upload log:\n" + log).And.Contain($"The leaf is rejected/{build.Leaf} in {Root}."));
            Assert.That(_mail.Sent[2].Subject, Is.EqualTo("[debian/bookworm] hello 2.10-3 (Rejected)"));
            Assert.That(_mail.Sent[2].Body, Does.Contain("\n * \"hello_2.10-3_amd64.deb\" has the MD5 "));
            Assert.That(_logger.Lines, Has.Some.Contains("has the MD5 "));
        }
    }

    [Test]
    public async Task No_mail_means_none_about_the_build_either()
    {
        Spoil(Incoming(await UploadingAsync()));

        await _processor.RunAsync(new UploadRun { NoMails = true });

        Assert.That(_mail.Sent, Is.Empty);
    }

    [Test]
    public async Task Mail_that_can_not_be_sent_changes_nothing()
    {
        var build = await UploadingAsync();
        Spoil(Incoming(build));
        _mail.Fails = true;

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Rejected));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.FailedToUpload));
        Assert.That(File.Exists(Path.Combine(Root, "process-upload-buildd.journal")), Is.False);
    }

    [Test]
    public async Task An_archive_that_refuses_makes_the_upload_fail_and_keeps_the_leaf()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ThrowsAsyncForAnyArgs(new UploadException("the archive is full"));
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That((await _builds.FindAsync(build.Id))!.Reason, Is.EqualTo("Processing broke: the archive is full"));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(_mail.Sent[0].Body, Does.Contain("Processing broke: the archive is full\nThe upload was not processed.\n"));
    }

    [TestCase("devel", "universe")]
    [TestCase("contrib/devel", null)]
    public async Task An_archive_gets_the_path_of_the_changes_its_files_and_the_component_of_a_source_unless_a_section_names_one(
        string section, string? expected)
    {
        AcceptedUpload? accepted = null;
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
        await archive.AcceptAsync(Arg.Do<AcceptedUpload>(upload => accepted = upload), Arg.Any<CancellationToken>());
        var specification = """
            {"description": {
                "name": "hello", "version": "2.10-3", "architecture": "amd64", "series": "bookworm", "component": "universe",
                "binaries": ["hello"]}}
            """u8.ToArray();
        var build = await UploadingAsync(Hello with { Specification = specification });
        var leaf = UploadLeaf.Make(Incoming(build));
        leaf.AddDeb(
            UploadLeaf.DebName, DebFile.ControlOf("hello", "2.10-3", "amd64", $"Section: {section}\nPriority: optional\n"), section);
        leaf.WriteChanges(UploadLeaf.ChangesName);

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Accepted), string.Join('\n', processed.Findings));
        Assert.That((accepted!.Suite, accepted.Component, accepted.ChangesPath), Is.EqualTo(
            ("bookworm", expected, leaf[UploadLeaf.ChangesName])));
        Assert.That(accepted.AllFiles.Select(file => file.Name), Is.EqualTo(new[] { UploadLeaf.DebName, UploadLeaf.ChangesName }));
    }

    [Test]
    public async Task What_is_older_than_what_is_published_is_rejected()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([
            new PublishedBinary("hello", "hello", "2.10-4", "amd64"), new PublishedBinary("hello", "hello", "2.10-9", "arm64"),
            new PublishedBinary("hello", "hello", "2.10-2", "amd64"),
        ]);
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(
            processed.Findings.Single()
                .Text, Is.EqualTo("\"hello_2.10-3_amd64.deb\" is older than 2.10-4, which is published in bookworm."));
        await archive.DidNotReceiveWithAnyArgs().AcceptAsync(default!, default);
    }

    [Test]
    public async Task A_copy_archive_takes_what_is_older()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default)
            .ReturnsForAnyArgs([new PublishedBinary("hello", "hello", "2.10-4", "amd64")]);
        var json = Encoding.UTF8.GetString(Hello.Specification.Span)[..^1] + """, "description": {"purpose": "Copy"}}""";
        UploadLeaf.MakeGood(Incoming(await UploadingAsync(Hello with { Specification = Encoding.UTF8.GetBytes(json) })));

        Assert.That((await Processor(archive).RunAsync(new UploadRun())).Single().Outcome, Is.EqualTo(UploadOutcome.Accepted));
    }

    [TestCase("", "There is no description of the build")]
    [TestCase("garbage", "There is no description of the build")]
    [TestCase("""{"description": {}}""", "The description of the build has no source package, no version, no architecture, no series")]
    [TestCase(
        """{"description": {"name": "hello", "architecture": "amd64", "series": "bookworm"}}""",
        "The description of the build has no version")]
    public async Task A_build_that_is_not_described_in_full_is_rejected_whatever_its_title_says(string specification, string finding)
    {
        var build = await UploadingAsync(Hello with { Specification = Encoding.UTF8.GetBytes(specification) });
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Rejected));
        Assert.That(processed.Findings.Select(one => one.Text), Is.EqualTo([$"{finding}, without which its upload can't be checked."]));
        Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(["admin@example.org", "jane@example.org"]));
    }

    [TestCase("2.10-4", "amd64", "The upload is of the source's version \"2.10-3\", and the build was of 2.10-4.")]
    [TestCase("2.10-3", "arm64", "The upload is for \"amd64\", and the build was for arm64.")]
    public async Task An_upload_is_compared_with_the_specification_and_not_with_the_title(
        string version, string architecture, string finding)
    {
        var package = PackageSpecification.FromBytes(Hello.Specification) with { Version = version, ArchTag = architecture };
        var build = await UploadingAsync(Hello with { Specification = package.ToBytes() });
        UploadLeaf.MakeGood(Incoming(build));

        Assert.That((await _processor.RunAsync(new UploadRun())).Single().Findings.Select(one => one.Text), Does.Contain(finding));
    }

    [TestCase("trixie", null, "The upload is said to be for trixie, and the build was for bookworm.")]
    [TestCase(null, "ubuntu", "The upload is said to be for ubuntu, and the build was for debian.")]
    public async Task What_the_caller_says_has_to_be_what_the_build_was_for(string? series, string? distribution, string finding)
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await _processor.RunAsync(new UploadRun { Leaf = build.Leaf, Series = series, Distribution = distribution }))
            .Single();

        Assert.That(processed.Findings.Select(one => one.Text), Is.EqualTo(new[] { finding }));
    }

    [Test]
    public async Task An_upload_of_nothing_but_a_buildinfo_fails_and_its_leaf_is_kept()
    {
        var build = await UploadingAsync();
        var leaf = UploadLeaf.Make(Incoming(build));
        leaf.Fields["Architecture"] = "source";
        leaf.Add(UploadLeaf.BuildInfoName, "Version: 2.10-3\n");
        leaf.Fields["Architecture"] = "amd64";
        leaf.WriteChanges();

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Rejected), "no package is for amd64");
        Assert.That(Names("queue/rejected"), Is.EqualTo(new[] { build.Leaf }));
    }
}
