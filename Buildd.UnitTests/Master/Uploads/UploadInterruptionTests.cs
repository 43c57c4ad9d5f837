using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Packages;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>Several processors of one queue, records that change meanwhile, and a run that is cancelled.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UploadInterruptionTests : UploadProcessorFixture
{
    [Test]
    public async Task Two_at_once_on_one_root_are_told_so()
    {
        await _processor.RunAsync(new UploadRun());
        using var held = await UploadLock.AcquireAsync(Root, UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default);

        Assert.That(
            async () => await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadsLockedException>()
                .With.Message.Contains("process-upload-buildd.lock"));
        Assert.That(async () => await _processor.RetryUploadAsync(1), Throws.InstanceOf<UploadsLockedException>());
        Assert.That(async () => await _processor.RunAsync(new UploadRun { DryRun = true }), Throws.Nothing, "who only looks needs no lock");
    }

    [Test]
    public async Task Who_waits_for_the_lock_gets_it_when_it_is_free()
    {
        await _processor.RunAsync(new UploadRun());
        var held = await UploadLock.AcquireAsync(Root, UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default);
        var waiting = Processor(new DirectoryArchive(_folder["archive"]), TimeProvider.System, TimeSpan.FromMinutes(1))
            .RunAsync(new UploadRun());

        held.Dispose();

        Assert.That(async () => await waiting, Throws.Nothing);
    }

    [Test]
    public async Task A_build_that_was_retried_meanwhile_is_not_touched()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
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
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default)
            .ReturnsForAnyArgs(async _ => await _builds.TryReplaceAsync([build with { LogName = "buildlog.txt.gz" }]));

        await Processor(archive).RunAsync(new UploadRun());

        var stored = (await _builds.FindAsync(build.Id))!;
        Assert.That((stored.State, stored.LogName), Is.EqualTo((BuildState.FullyBuilt, "buildlog.txt.gz")));
    }

    [Test]
    public async Task A_journal_that_can_not_be_read_stops_everything_with_a_sentence()
    {
        await _processor.RunAsync(new UploadRun());
        await File.WriteAllTextAsync(Path.Combine(Root, "process-upload-buildd.journal"), "half a jour");

        Assert.That(
            async () => await _processor.RunAsync(new UploadRun()), Throws.InstanceOf<UploadException>()
                .With.Message.Contains("process-upload-buildd.journal is no journal"));
    }

    [Test]
    public async Task Cancelled_in_the_middle_it_goes_on_the_next_time()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        using var stop = new CancellationTokenSource();
        var archive = Substitute.For<IArchive>();
        archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
        archive.AcceptAsync(default!, default).ReturnsForAnyArgs(async _ =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        });

        Assert.That(
            async () => await Processor(archive).RunAsync(new UploadRun(), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.Uploading));

        Assert.That((await _processor.RunAsync(new UploadRun())).Single().Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That(Names("queue/incoming"), Is.Empty);
    }
}
