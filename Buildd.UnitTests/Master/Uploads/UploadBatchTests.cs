using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Leaves;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>Several uploads that are there at the same time.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class UploadBatchTests : UploadProcessorFixture
{
    [Test]
    public async Task Leaves_are_examined_side_by_side()
    {
        var kind = new MeetingKind(2);
        await LandAsync();
        await LandAsync();

        // Were the second examined after the first, the first would wait for it in vain.
        var processed = await Processor(new ListingArchive(), kind).RunAsync(new UploadRun());

        Assert.That(processed.Select(leaf => leaf.Outcome), Is.All.EqualTo(UploadOutcome.Accepted));
        Assert.That(kind.Described, Is.EqualTo(2), "once each");
    }

    [Test]
    public async Task Each_is_compared_with_what_those_before_it_have_published()
    {
        var archive = new ListingArchive();
        var builds = new List<Build>();
        for (var i = 0; i < 9; i++)
            builds.Add(await LandAsync());
        Spoil(Incoming(builds[4]));

        var processed = await Processor(archive, new PackageJobKind()).RunAsync(new UploadRun());

        Assert.That(processed.Select(leaf => leaf.Build!.Id), Is.EqualTo(builds.Select(build => build.Id)), "in their order");
        var expected = builds.Where(build => build != builds[4]).SelectMany(build => (string[])["asked", $"accepted {build.Cookie}"]);
        Assert.That(archive.Calls, Is.EqualTo(expected));
        Assert.That(processed[4].Outcome, Is.EqualTo(UploadOutcome.Rejected));
        Assert.That(Names("queue/incoming"), Is.Empty);
    }

    [Test]
    public async Task A_leaf_that_is_gone_at_its_turn_is_let_be()
    {
        var (first, second) = (await LandAsync(), await LandAsync());
        var archive = new ListingArchive { OnAccept = () => Directory.Delete(Incoming(second), recursive: true) };

        await Processor(archive, new PackageJobKind())
            .ProcessLandedAsync([first.Leaf!, second.Leaf!, "20260314-120000-PACKAGEBUILD-99"], default);

        Assert.That((await _builds.FindAsync(first.Id))!.State, Is.EqualTo(BuildState.FullyBuilt));
        Assert.That((await _builds.FindAsync(second.Id))!.State, Is.EqualTo(BuildState.Uploading));
    }

    [Test]
    public async Task The_leaf_of_a_build_is_found_among_others_by_its_name()
    {
        var builds = new List<Build>();
        for (var i = 0; i < 11; i++)
        {
            builds.Add(await LandAsync());
            Spoil(Incoming(builds[i]));
        }

        await _processor.RunAsync(new UploadRun());
        UploadLeaf.MakeGood(Path.Combine(Root, "rejected", builds[0].Leaf!));

        Assert.That((await _processor.RetryUploadAsync(builds[0].Id)).Outcome, Is.EqualTo(UploadOutcome.Accepted));
        Assert.That(LeafFolders.LeavesOf(Path.Combine(Root, "rejected"), builds[10].Cookie), Is.EqualTo(new[] { builds[10].Leaf }));
        Assert.That(LeafFolders.LeavesOf(Path.Combine(Root, "rejected"), builds[0].Cookie), Is.Empty, "PACKAGEBUILD-11 is another");
        Assert.That(LeafFolders.LeavesOf(Path.Combine(Root, "missing"), builds[0].Cookie), Is.Empty);
    }

    private UploadProcessor Processor(IArchive archive, IJobKind kind) =>
        new(new UploadProcessorOptions { Root = Root }, _builds, archive, [kind], null, _time, _logger);

    private async Task<Build> LandAsync()
    {
        var build = await UploadingAsync();
        UploadLeaf.MakeGood(Incoming(build));
        return build;
    }

    /// <summary>Describes builds only when several are described at a time.</summary>
    private sealed class MeetingKind(int wanted) : IJobKind
    {
        private readonly PackageJobKind _kind = new();
        private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _described;

        public int Described => _described;

        public string JobType => _kind.JobType;

        public LeafContent LeafContent => _kind.LeafContent;

        public async Task<BuildDescription?> DescribeAsync(
            Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _described) == wanted)
                _met.SetResult();
            await _met.Task.WaitAsync(cancellationToken);
            return await _kind.DescribeAsync(build, specification, cancellationToken);
        }

        public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken) =>
            _kind.PrepareAsync(dispatch, cancellationToken);
    }

    /// <summary>Notes what it is asked, in order.</summary>
    private sealed class ListingArchive : IArchive
    {
        public List<string> Calls { get; } = [];

        public Action OnAccept { get; init; } = () => { };

        public Task<IReadOnlyList<PublishedBinary>> FindPublishedAsync(
            string distribution, string suite, IReadOnlyCollection<string> packages, CancellationToken cancellationToken = default)
        {
            if (Calls.LastOrDefault() != "asked") // it is asked of each suite of the series
                Calls.Add("asked");
            return Task.FromResult<IReadOnlyList<PublishedBinary>>([]);
        }

        public Task AcceptAsync(AcceptedUpload upload, CancellationToken cancellationToken = default)
        {
            Calls.Add($"accepted {upload.Build.Cookie}");
            OnAccept();
            return Task.CompletedTask;
        }
    }
}
