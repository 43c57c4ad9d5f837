using Buildd.Master.Builds;
using Buildd.Master.Leaves;
using Buildd.Master.Uploads;
using Buildd.Testing.Packages;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>The leaves that a run processes, and those that it leaves alone.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadLeavesTests : UploadProcessorFixture
{
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

        Assert.That(
            processed.Select(leaf => leaf.Outcome),
            Is.EqualTo(new[] { UploadOutcome.Accepted, UploadOutcome.Rejected, UploadOutcome.Failed }));
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
        Assert.That(
            _mail.Sent.Select(mail => mail.Body), Has.Some.Contains($"The leaf is incoming/{bad.Leaf}").And.None.Contains("rejected/"));
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

        Assert.That(
            (processed.Outcome, processed.Reason), Is.EqualTo((UploadOutcome.Failed, "the build is FULLYBUILT and waits for no upload")));
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
    public void A_root_that_is_not_there_is_not_made()
    {
        Directory.Delete(Root);

        Assert.That(
            async () =>
                await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadException>().With.Message.Contains("is no folder"));
        Assert.That(Directory.Exists(Root), Is.False);
    }

    [TestCase("../x", "is no name of a leaf")]
    [TestCase("20140425-103800-PACKAGEBUILD-7", "There is no leaf 20140425-103800-PACKAGEBUILD-7")]
    public void A_leaf_that_is_none(string leaf, string message) =>
        Assert.That(
            async () => await _processor.RunAsync(new UploadRun { Leaf = leaf }), Throws.InstanceOf<UploadException>()
                .With.Message.Contains(message));

    [Test]
    public void A_build_needs_a_leaf() =>
        Assert.That(async () => await _processor.RunAsync(new UploadRun { BuildId = 1 }), Throws.InstanceOf<UploadException>());
}
