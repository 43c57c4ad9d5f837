using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Leaves;
using Buildd.Master.Results;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class ProcessingUploadSinkTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTimeProvider _time = new() { SkipsWaits = true };
    private readonly RecordingLogger<ProcessingUploadSink> _logger = new();
    private readonly InMemoryBuilds _builds = new();
    private readonly IArchive _archive = Substitute.For<IArchive>();
    private readonly UploadProcessor _processor;
    private readonly ProcessingUploadSink _sink;
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public ProcessingUploadSinkTests()
    {
        Machine.Require(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb");
        Directory.CreateDirectory(Root);
        _archive.FindPublishedAsync(default!, default!, default!, default).ReturnsForAnyArgs([]);
        _processor = new UploadProcessor(new UploadProcessorOptions { Root = Root }, _builds, _archive, [new PackageJobKind()]);
        _sink = new ProcessingUploadSink(_processor, _time, _logger);
    }

    private string Root => _folder["root"];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task What_lands_is_processed_at_once_one_after_the_other()
    {
        _run = _sink.RunAsync(_stop.Token);
        var (first, second) = (await LandAsync(), await LandAsync());

        await UntilAsync(second.Id, BuildState.FullyBuilt);

        await UntilAsync(first.Id, BuildState.FullyBuilt);
        Assert.That(_archive.ReceivedCalls().Count(call => call.GetMethodInfo().Name == nameof(IArchive.AcceptAsync)), Is.EqualTo(2));
        Assert.That(_logger.Lines, Is.Empty);
    }

    [Test]
    public async Task What_is_bad_fails_and_does_not_keep_the_next_one()
    {
        _run = _sink.RunAsync(_stop.Token);
        var bad = await LandAsync(leaf => File.Delete(leaf[UploadLeaf.DebName]));
        var good = await LandAsync();

        await UntilAsync(good.Id, BuildState.FullyBuilt);

        await UntilAsync(bad.Id, BuildState.FailedToUpload);
        Assert.That(Directory.Exists(Path.Combine(Root, "rejected", bad.Leaf!)));
    }

    [Test]
    public async Task What_can_not_be_done_now_is_tried_until_it_can()
    {
        new LeafFolders(Root).MakeFolders();
        var held = await UploadLock.AcquireAsync(Root, UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default);
        _run = _sink.RunAsync(_stop.Token);
        var build = await LandAsync();
        await Until.TrueAsync(() => _logger.Lines.Count >= 3);

        held.Dispose();

        await UntilAsync(build.Id, BuildState.FullyBuilt);
        Assert.That(_time.Waits, Has.All.EqualTo(ProcessingUploadSink.RetryDelay));
        Assert.That(_logger.Lines, Has.All.Contain("can't be processed now; it is tried again in 00:00:30"));
    }

    [Test]
    public async Task What_was_processed_or_taken_away_meanwhile_is_let_be()
    {
        var taken = await LandAsync();
        Directory.Delete(Path.Combine(Root, "incoming", taken.Leaf!), recursive: true);
        var failed = await LandAsync(leaf => File.Delete(leaf[UploadLeaf.DebName]));
        await _processor.RunAsync(new UploadRun());
        Directory.Move(Path.Combine(Root, "rejected", failed.Leaf!), Path.Combine(Root, "incoming", failed.Leaf!));
        var last = await LandAsync();

        _run = _sink.RunAsync(_stop.Token);

        await UntilAsync(last.Id, BuildState.FullyBuilt);
        Assert.That((await _builds.FindAsync(taken.Id))!.State, Is.EqualTo(BuildState.Uploading));
        Assert.That(Directory.Exists(Path.Combine(Root, "incoming", failed.Leaf!)), "a person put it there");
        Assert.That(_logger.Lines, Is.Empty);
    }

    [Test]
    public async Task What_an_earlier_process_had_decided_is_carried_out_first()
    {
        var build = await LandAsync(tells: false);
        new LeafFolders(Root).MakeFolders();
        new UploadJournal(Root, UploadProcessor.Context).Write(new UploadDecision
        {
            Leaf = build.Leaf!,
            BuildId = build.Id,
            IsNamed = false,
            Outcome = UploadOutcome.Rejected,
            Destination = build.Leaf,
            Reason = "It is not wanted.",
        });

        _run = _sink.RunAsync(_stop.Token);

        await UntilAsync(build.Id, BuildState.FailedToUpload);
        await Until.TrueAsync(() => !File.Exists(Path.Combine(Root, "process-upload-buildd.journal")));
        Assert.That(Directory.Exists(Path.Combine(Root, "rejected", build.Leaf!)));
    }

    [Test]
    public async Task Stopped_in_the_middle_it_leaves_the_upload_to_the_next_one()
    {
        var accepting = new TaskCompletionSource();
        _archive.AcceptAsync(default!, default).ReturnsForAnyArgs(async call =>
        {
            accepting.TrySetResult();
            await Task.Delay(Timeout.Infinite, call.Arg<CancellationToken>());
        });
        var run = _sink.RunAsync(_stop.Token);
        var build = await LandAsync();
        await accepting.Task;

        await _stop.CancelAsync();
        await run;

        Assert.That((await _builds.FindAsync(build.Id))!.State, Is.EqualTo(BuildState.Uploading));
        Assert.That(Directory.Exists(Path.Combine(Root, "incoming", build.Leaf!)));
        Assert.That(_logger.Lines, Is.Empty);
    }

    private async Task<Build> LandAsync(Action<UploadLeaf>? spoil = null, bool tells = true)
    {
        var hello = new PackageSpecification
        {
            Source = "hello",
            Version = "2.10-3",
            Series = "bookworm",
            ArchTag = "amd64",
            Files = [],
            Binaries = ["hello"],
        };
        var added = (await _builds.AddAsync([hello.ToNewBuild()])).Single();
        var building = (await _builds.TryReplaceAsync([added.Dispatched($"builder{added.Id}", _time.GetUtcNow())])).Single()!;
        var gathering = (await _builds.TryReplaceAsync([building.GatheringInto($"20260314-120000-{building.Cookie}")])).Single()!;
        var folder = Path.Combine(Root, "incoming", gathering.Leaf!);
        var leaf = UploadLeaf.MakeGood(folder);
        spoil?.Invoke(leaf);
        var build = (await _builds.TryReplaceAsync([gathering.HandedOver([], _time.GetUtcNow())])).Single()!;
        if (tells)
            await _sink.LandedAsync(new LandedUpload(build, folder));
        return build;
    }

    private Task UntilAsync(long id, BuildState state) => Until.TrueAsync(async () => (await _builds.FindAsync(id))!.State == state);
}
