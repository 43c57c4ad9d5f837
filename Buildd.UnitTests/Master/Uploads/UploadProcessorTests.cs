using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Leaves;
using Buildd.Master.Mail;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.UnitTests.Master.Mail;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadProcessorTests : IDisposable
{
    private const string Title = "amd64 build of hello 2.10-3 in debian bookworm RELEASE";

    private readonly TemporaryDirectory _folder = new();
    private readonly FixedTime _time = new(new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero));
    private readonly RecordingLogger<UploadProcessor> _logger = new();
    private readonly RecordingTransport _mail = new();
    private readonly InMemoryBuilds _builds;
    private readonly UploadProcessor _processor;

    public UploadProcessorTests()
    {
        Machine.Require(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb");
        _builds = new InMemoryBuilds(_time);
        _processor = Processor(new DirectoryArchive(_folder["archive"]));
        Directory.CreateDirectory(Root);
    }

    private static IJobKind[] Kinds { get; } = [new PackageJobKind(), new LiveFsJobKind()];

    private static NewBuild Hello { get; } = new PackageSpecification
    {
        Source = "hello",
        Version = "2.10-3",
        Series = "bookworm",
        ArchTag = "amd64",
        Files = [],
        Requester = "Cory Creator <cory@example.org>",
    }.ToNewBuild();

    private static NewBuild Image { get; } = new LiveFsSpecification
    {
        Project = "ubuntu-server",
        Series = "bookworm",
        ArchTag = "amd64",
        Requester = "Rita Requester <rita@example.org>",
    }.ToNewBuild();

    private string Root => _folder["queue"];

    public void Dispose() => _folder.Dispose();

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
            Assert.That(Names("archive/debian/bookworm/PACKAGEBUILD-1"), Is.EquivalentTo(new[] { UploadLeaf.DebName, UploadLeaf.BuildInfoName, UploadLeaf.ChangesName }));
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
            Assert.That(log, Does.StartWith($"2026-03-14 12:00:00 UTC: leaf {build.Leaf} of PACKAGEBUILD-1 ({Title})\n * \"hello_2.10-3_amd64.deb\" has the MD5 "));
            Assert.That(log, Does.Contain("\n * \"hello_2.10-3_amd64.buildinfo\" is listed and isn't there.\n").And.Contain("SHA-1").And.EndWith("The upload was rejected.\n"));
            Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(new[] { "admin@example.org", "cory@example.org", "jane@example.org" }));
            Assert.That(_mail.Sent[0].Body, Does.Contain("Upload log:\n" + log).And.Contain($"The leaf is rejected/{build.Leaf} in {Root}."));
            Assert.That(_mail.Sent[2].Subject, Is.EqualTo("[debian/bookworm] hello 2.10-3 (Rejected)"));
            Assert.That(_mail.Sent[2].Body, Does.Contain("\n * \"hello_2.10-3_amd64.deb\" has the MD5 "));
            Assert.That(_logger.Lines, Has.Some.Contains("has the MD5 "));
        }
    }

    [Test]
    public async Task A_rejected_upload_that_was_mended_is_rescued_by_the_name_of_its_leaf()
    {
        var build = await UploadingAsync();
        Spoil(Incoming(build));
        await _processor.RunAsync(new UploadRun());
        Directory.Move(Path.Combine(Root, "rejected", build.Leaf!), Incoming(build));
        UploadLeaf.MakeGood(Incoming(build));
        _mail.Clear();

        var ordinary = (await _processor.RunAsync(new UploadRun())).Single();
        var named = (await _processor.RunAsync(new UploadRun { Leaf = build.Leaf, BuildId = build.Id, Series = "bookworm", NoMails = true })).Single();

        build = (await _builds.FindAsync(build.Id))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ordinary.Outcome, Is.EqualTo(UploadOutcome.Skipped), "an ordinary run leaves it to the person who put it there");
            Assert.That(named.Outcome, Is.EqualTo(UploadOutcome.Accepted));
            Assert.That((build.State, build.UploadLogName, build.Reason), Is.EqualTo((BuildState.FullyBuilt, (string?)null, (string?)null)));
            Assert.That(build.Files, Has.Count.EqualTo(2));
            Assert.That(File.Exists(Path.Combine(Root, "upload-logs", "upload_1_log.txt")), Is.False);
            Assert.That(_mail.Sent, Is.Empty);
        }
    }

    [Test]
    public async Task RetryUpload_finds_the_leaf_itself()
    {
        var build = await UploadingAsync();
        Spoil(Incoming(build));
        await _processor.RunAsync(new UploadRun());
        _mail.Clear();

        var still = await _processor.RetryUploadAsync(build.Id);
        UploadLeaf.MakeGood(still.Folder!);
        var good = await _processor.RetryUploadAsync(build.Id);

        Assert.That((still.Outcome, good.Outcome), Is.EqualTo((UploadOutcome.Rejected, UploadOutcome.Accepted)));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(_mail.Sent, Is.Empty);
    }

    [Test]
    public async Task RetryUpload_says_why_it_can_not()
    {
        var uploading = await UploadingAsync();
        var failed = await UploadingAsync();
        Spoil(Incoming(failed));
        await _processor.RunAsync(new UploadRun());
        Directory.Delete(Path.Combine(Root, "rejected", failed.Leaf!), recursive: true);

        Assert.That(async () => await _processor.RetryUploadAsync(99), Throws.InstanceOf<UploadException>().With.Message.EqualTo("There is no build 99."));
        Assert.That(async () => await _processor.RetryUploadAsync(uploading.Id), Throws.InstanceOf<UploadException>().With.Message.Contains("PACKAGEBUILD-1 is UPLOADING"));
        Assert.That(async () => await _processor.RetryUploadAsync(failed.Id), Throws.InstanceOf<UploadException>().With.Message.Contains("The leaf of PACKAGEBUILD-2 is neither in"));
    }

    [Test]
    public async Task A_dry_run_says_what_would_be_and_changes_nothing_at_all()
    {
        var good = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(good));
        var bad = await UploadingAsync();
        Spoil(Incoming(bad));
        var over = await FullyBuiltAsync();
        Directory.CreateDirectory(Incoming(over));
        var before = Tree(_folder.Path);
        var revision = (await _builds.ReadQueueAsync()).Revision;

        var processed = await _processor.RunAsync(new UploadRun { DryRun = true });

        Assert.That(processed.Select(leaf => leaf.Outcome), Is.EqualTo(new[] { UploadOutcome.Accepted, UploadOutcome.Rejected, UploadOutcome.Failed }));
        Assert.That(processed[1].Findings, Has.Count.EqualTo(4));
        Assert.That(Tree(_folder.Path), Is.EqualTo(before));
        Assert.That((await _builds.ReadQueueAsync()).Revision, Is.EqualTo(revision));
        Assert.That(_mail.Sent, Is.Empty);
    }

    [Test]
    public async Task A_dry_run_works_where_nothing_may_be_written_and_nothing_is()
    {
        Assert.That(await _processor.RunAsync(new UploadRun { DryRun = true }), Is.Empty);
        Assert.That(Tree(_folder.Path), Is.EqualTo("queue/\n"));
    }

    [Test]
    public async Task Kept_leaves_stay_where_they_are()
    {
        var good = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(good));
        var bad = await UploadingAsync();
        Spoil(Incoming(bad));

        await _processor.RunAsync(new UploadRun { Keep = true });

        Assert.That(Names("queue/incoming"), Is.EquivalentTo(new[] { good.Leaf, bad.Leaf }));
        Assert.That((await _builds.FindAsync(good.Id))!.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That((await _builds.FindAsync(bad.Id))!.State, Is.EqualTo(BuildState.FailedToUpload));
        Assert.That(_mail.Sent.Select(mail => mail.Body), Has.Some.Contains($"The leaf is incoming/{bad.Leaf}").And.None.Contains("rejected/"));
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

    [TestCase("not a leaf")]
    [TestCase("20140425-103800-PACKAGEBUILD-99")]
    [TestCase("20140425-103800-NONSENSE-1")]
    [TestCase("20140425-103800-LIVEFSBUILD-1")]
    public async Task What_names_no_build_is_left_alone(string name)
    {
        await UploadingAsync();
        Directory.CreateDirectory(Path.Combine(Root, "incoming", name));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Skipped));
        Assert.That(Names("queue/incoming"), Is.EqualTo(new[] { name }));
        Assert.That(_logger.Entries, Has.Some.Matches<(LogLevel Level, string Message, Exception?)>(entry =>
            entry.Level == LogLevel.Warning && entry.Message.Contains(name, StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_kind_of_build_that_nobody_knows_does_not_keep_the_others_from_being_processed()
    {
        var strange = await UploadingAsync(Hello with { JobType = "SNAPBUILD" });
        UploadLeaf.MakeGood(Incoming(strange));
        var good = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(good));

        var processed = await _processor.RunAsync(new UploadRun());

        Assert.That(processed.Select(leaf => leaf.Outcome), Is.EqualTo(new[] { UploadOutcome.Accepted, UploadOutcome.Skipped }));
    }

    [Test]
    public async Task Files_links_and_hidden_folders_in_incoming_are_no_leaves()
    {
        var build = await UploadingAsync();
        Directory.CreateDirectory(Path.Combine(Root, "incoming", ".hidden-PACKAGEBUILD-1"));
        await File.WriteAllTextAsync(Incoming(build), "a file");
        UploadLeaf.MakeGood(_folder["elsewhere"]);
        Directory.CreateSymbolicLink(Path.Combine(Root, "incoming", "x-PACKAGEBUILD-1"), _folder["elsewhere"]);

        Assert.That(await _processor.RunAsync(new UploadRun()), Is.Empty);
    }

    [Test]
    public async Task A_leaf_whose_build_is_still_being_gathered_is_left_alone()
    {
        var build = (await _builds.TryReplaceAsync([(await BuildingAsync()).GatheringInto("20260314-120000-PACKAGEBUILD-1")])).Single()!;
        UploadLeaf.MakeGood(Incoming(build));

        Assert.That((await _processor.RunAsync(new UploadRun())).Single().Outcome, Is.EqualTo(UploadOutcome.Skipped));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.Gathering));
    }

    [Test]
    public async Task A_leaf_of_an_earlier_attempt_is_left_alone()
    {
        await UploadingAsync();
        UploadLeaf.MakeGood(Path.Combine(Root, "incoming", "20200101-000000-PACKAGEBUILD-1"));

        Assert.That((await _processor.RunAsync(new UploadRun())).Single().Reason, Does.StartWith("the build's results are in 20260314-"));
    }

    [Test]
    public async Task A_leaf_whose_build_waits_for_no_upload_goes_to_failed_and_the_build_stays_as_it_is()
    {
        var build = await FullyBuiltAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That((processed.Outcome, processed.Reason), Is.EqualTo((UploadOutcome.Failed, "the build is FULLYBUILT and waits for no upload")));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(await _builds.FindAsync(build.Id), Is.SameAs(build));
    }

    [Test]
    public async Task A_leaf_of_a_name_that_is_in_failed_already_gets_a_number_that_leaves_the_build_readable()
    {
        var build = await FullyBuiltAsync();
        Directory.CreateDirectory(Path.Combine(Root, "failed", build.Leaf!));
        UploadLeaf.MakeGood(Incoming(build));

        await _processor.RunAsync(new UploadRun());

        Assert.That(Names("queue/failed"), Is.EquivalentTo(new[] { build.Leaf, LeafName.TryParse(build.Leaf!)!.Numbered(2) }));
    }

    [Test]
    public async Task An_archive_that_refuses_makes_the_upload_fail_and_keeps_the_leaf()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ThrowsAsyncForAnyArgs(new UploadException("the archive is full"));
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That((await _builds.FindAsync(build.Id))!.Reason, Is.EqualTo("Processing broke: the archive is full"));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(_mail.Sent[0].Body, Does.Contain("Processing broke: the archive is full\nThe upload was not processed.\n"));
    }

    [Test]
    public async Task What_is_older_than_what_is_published_is_rejected()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync("bookworm", default!, default).ReturnsForAnyArgs([
            new PublishedBinary("hello", "2.10-4", "amd64"), new PublishedBinary("hello", "2.10-9", "arm64"), new PublishedBinary("hello", "2.10-2", "amd64"),
        ]);
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(processed.Findings.Single().Text, Is.EqualTo("\"hello_2.10-3_amd64.deb\" is older than 2.10-4, which is published in bookworm."));
        await archive.DidNotReceiveWithAnyArgs().AcceptAsync(default!, default);
    }

    [Test]
    public async Task A_copy_archive_takes_what_is_older()
    {
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync("bookworm", default!, default).ReturnsForAnyArgs([new PublishedBinary("hello", "2.10-4", "amd64")]);
        var json = Encoding.UTF8.GetString(Hello.Specification.Span).TrimEnd('}') + """, "description": {"purpose": "Copy"}}""";
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

        var processed = (await _processor.RunAsync(new UploadRun { Leaf = build.Leaf, Series = series, Distribution = distribution })).Single();

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

    [Test]
    public async Task A_live_filesystem_s_files_are_those_in_any_subfolder()
    {
        var build = await UploadingAsync(Image);
        Directory.CreateDirectory(Path.Combine(Incoming(build), "1", "debian"));
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "buildlog"), "log");
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "1", "debian", "livecd.manifest"), "hello 2.10\n");
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "1", "debian", "livecd.squashfs"), "");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        build = (await _builds.FindAsync(build.Id))!;
        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That(build.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That(build.Files.Select(file => (file.Name, file.Size)), Is.EqualTo(new[] { ("livecd.manifest", 11L), ("livecd.squashfs", 0L) }));
        Assert.That(Names("archive/debian/bookworm/LIVEFSBUILD-1"), Is.EquivalentTo(new[] { "livecd.manifest", "livecd.squashfs" }));
    }

    [Test]
    public async Task A_live_filesystem_without_files_fails_its_leaf_is_kept_and_its_requester_told()
    {
        var build = await UploadingAsync(Image);
        Directory.CreateDirectory(Incoming(build));
        await File.WriteAllTextAsync(Path.Combine(Incoming(build), "buildlog"), "log");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.FailedToUpload));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(_mail.Sent.Select(mail => mail.To.Address), Is.EqualTo(new[] { "rita@example.org" }));
    }

    [Test]
    public async Task Two_files_of_one_name_and_links_are_rejected_in_a_live_filesystem()
    {
        var build = await UploadingAsync(Image);
        foreach (var folder in (string[])["a", "b"])
        {
            Directory.CreateDirectory(Path.Combine(Incoming(build), folder));
            await File.WriteAllTextAsync(Path.Combine(Incoming(build), folder, "livecd.iso"), folder);
        }

        File.CreateSymbolicLink(Path.Combine(Incoming(build), "a", "passwd"), "/etc/passwd");

        var processed = (await _processor.RunAsync(new UploadRun())).Single();

        Assert.That(processed.Findings.Select(one => one.Text), Is.EqualTo(new[] { "\"passwd\" is a link.", "\"livecd.iso\" is there more than once." }));
    }

    [Test]
    public async Task Two_at_once_on_one_root_are_told_so()
    {
        await _processor.RunAsync(new UploadRun());
        using var held = await UploadLock.AcquireAsync(Root, UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default);

        Assert.That(async () => await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadsLockedException>().With.Message.Contains("process-upload-buildd.lock"));
        Assert.That(async () => await _processor.RetryUploadAsync(1), Throws.InstanceOf<UploadsLockedException>());
        Assert.That(async () => await _processor.RunAsync(new UploadRun { DryRun = true }), Throws.Nothing, "who only looks needs no lock");
    }

    [Test]
    public async Task Who_waits_for_the_lock_gets_it_when_it_is_free()
    {
        await _processor.RunAsync(new UploadRun());
        var held = await UploadLock.AcquireAsync(Root, UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default);
        var waiting = Processor(new DirectoryArchive(_folder["archive"]), TimeProvider.System, TimeSpan.FromMinutes(1)).RunAsync(new UploadRun());

        held.Dispose();

        Assert.That(async () => await waiting, Throws.Nothing);
    }

    [Test]
    public async Task A_build_that_was_retried_meanwhile_is_not_touched()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ReturnsForAnyArgs(async _ =>
        {
            var failed = (await _builds.TryReplaceAsync([build.UploadFailed("log", "by hand")])).Single()!;
            await _builds.TryReplaceAsync([failed.Retried(_time.GetUtcNow())]);
        });

        var processed = (await Processor(archive).RunAsync(new UploadRun())).Single();

        Assert.That(processed.Outcome, Is.EqualTo(UploadOutcome.Failed));
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.NeedsBuild));
        Assert.That(Names("queue/failed"), Is.EqualTo(new[] { build.Leaf }));
        Assert.That(File.Exists(Path.Combine(Root, "process-upload-buildd.journal")), Is.False);
    }

    [Test]
    public async Task A_change_of_the_record_that_does_not_matter_is_no_obstacle()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ReturnsForAnyArgs(async _ => await _builds.TryReplaceAsync([build with { LogName = "buildlog.txt.gz" }]));

        await Processor(archive).RunAsync(new UploadRun());

        var stored = (await _builds.FindAsync(build.Id))!;
        Assert.That((stored.State, stored.LogName), Is.EqualTo((BuildState.FullyBuilt, "buildlog.txt.gz")));
    }

    [Test]
    public async Task A_journal_that_can_not_be_read_stops_everything_with_a_sentence()
    {
        await _processor.RunAsync(new UploadRun());
        await File.WriteAllTextAsync(Path.Combine(Root, "process-upload-buildd.journal"), "half a jour");

        Assert.That(async () => await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadException>().With.Message.Contains("process-upload-buildd.journal is no journal"));
    }

    [Test]
    public void A_root_that_is_not_there_is_not_made()
    {
        Directory.Delete(Root);

        Assert.That(async () => await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadException>().With.Message.Contains("is no folder"));
        Assert.That(Directory.Exists(Root), Is.False);
    }

    [TestCase("../x", "is no name of a leaf")]
    [TestCase("20140425-103800-PACKAGEBUILD-7", "There is no leaf 20140425-103800-PACKAGEBUILD-7")]
    public void A_leaf_that_is_none(string leaf, string message) =>
        Assert.That(async () => await _processor.RunAsync(new UploadRun { Leaf = leaf }), Throws.InstanceOf<UploadException>().With.Message.Contains(message));

    [Test]
    public void A_build_needs_a_leaf() =>
        Assert.That(async () => await _processor.RunAsync(new UploadRun { BuildId = 1 }), Throws.InstanceOf<UploadException>());

    [Test]
    public async Task Cancelled_in_the_middle_it_goes_on_the_next_time()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        using var stop = new CancellationTokenSource();
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ReturnsForAnyArgs(async _ =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        });

        Assert.That(async () => await Processor(archive).RunAsync(new UploadRun(), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.Uploading));

        Assert.That((await _processor.RunAsync(new UploadRun())).Single().Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That(Names("queue/incoming"), Is.Empty);
    }

    /// <summary>Every name below a folder, with what files have in them.</summary>
    private static string Tree(string folder)
    {
        var text = new StringBuilder();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            text.Append(Path.GetRelativePath(folder, path));
            text.Append(Directory.Exists(path) ? "/\n" : new FileInfo(path).Length == 0 ? "\n" : $" {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))} {File.GetLastWriteTimeUtc(path):O}\n");
        }

        return text.ToString();
    }

    private static void Spoil(string path)
    {
        var leaf = UploadLeaf.MakeGood(path);
        File.Delete(leaf[UploadLeaf.BuildInfoName]);
        var bytes = File.ReadAllBytes(leaf[UploadLeaf.DebName]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(leaf[UploadLeaf.DebName], bytes);
    }

    private IEnumerable<string?> Names(string folder) => Directory.EnumerateFileSystemEntries(_folder[folder]).Select(path => (string?)Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private string Incoming(Build build) => Path.Combine(Root, "incoming", build.Leaf!);

    private UploadProcessor Processor(IArchive archive, TimeProvider? time = null, TimeSpan wait = default) => new(
        new UploadProcessorOptions { Root = Root, LockWait = wait },
        _builds,
        archive,
        Kinds,
        new MailNotifier(MailBench.Options, _mail, _builds, Kinds),
        time ?? _time,
        _logger);

    private async Task<Build> BuildingAsync(NewBuild? build = null)
    {
        var added = (await _builds.AddAsync([build ?? Hello])).Single();
        return (await _builds.TryReplaceAsync([added.Dispatched($"builder{added.Id}", _time.GetUtcNow())])).Single()!;
    }

    private async Task<Build> UploadingAsync(NewBuild? build = null)
    {
        var building = await BuildingAsync(build);
        var gathering = (await _builds.TryReplaceAsync([building.GatheringInto($"20260314-120000-{building.Cookie}")])).Single()!;
        return (await _builds.TryReplaceAsync([gathering.HandedOver([], _time.GetUtcNow())])).Single()!;
    }

    private async Task<Build> FullyBuiltAsync() => (await _builds.TryReplaceAsync([(await UploadingAsync()).Uploaded()])).Single()!;
}
