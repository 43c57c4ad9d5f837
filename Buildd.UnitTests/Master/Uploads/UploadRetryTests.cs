using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>Rejected uploads that are processed once more.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadRetryTests : UploadProcessorFixture
{
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
        var named =
            (await _processor.RunAsync(new UploadRun { Leaf = build.Leaf, BuildId = build.Id, Series = "bookworm", NoMails = true }))
                .Single();

        build = (await _builds.FindAsync(build.Id))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ordinary.Outcome, Is.EqualTo(UploadOutcome.Skipped), "an ordinary run leaves it to the person who put it there");
            Assert.That(named.Outcome, Is.EqualTo(UploadOutcome.Accepted));
            Assert.That(
                (build.State, build.UploadLogName, build.Reason), Is.EqualTo((BuildState.FullyBuilt, (string?)null, (string?)null)));
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

        Assert.That(
            async () =>
                await _processor.RetryUploadAsync(99), Throws.InstanceOf<UploadException>().With.Message.EqualTo("There is no build 99."));
        Assert.That(
            async () => await _processor.RetryUploadAsync(uploading.Id), Throws.InstanceOf<UploadException>()
                .With.Message.Contains("PACKAGEBUILD-1 is UPLOADING"));
        Assert.That(
            async () => await _processor.RetryUploadAsync(failed.Id), Throws.InstanceOf<UploadException>()
                .With.Message.Contains("The leaf of PACKAGEBUILD-2 is neither in"));
    }
}
