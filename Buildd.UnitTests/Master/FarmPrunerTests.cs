using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class FarmPrunerTests : IDisposable
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    private readonly ManualTimeProvider _time = new();
    private readonly TemporaryDirectory _root = new();
    private readonly InMemoryBuilds _builds;

    public FarmPrunerTests() => _builds = new InMemoryBuilds(_time);

    private FarmPruner Pruner => new(_root.Path, _builds, time: _time);

    public void Dispose() => _root.Dispose();

    [TestCase("rejected")]
    [TestCase("failed")]
    public async Task Old_uploads_that_were_not_accepted_go_and_younger_ones_stay(string folder)
    {
        Write($"{folder}/20260101-000000-PACKAGEBUILD-1/1/debian/a.deb");
        Write($"{folder}/20260314-000000-PACKAGEBUILD-2/1/debian/a.deb");
        Write("incoming/20260101-000000-PACKAGEBUILD-3/1/debian/a.deb");

        var pruned = await Pruner.RunAsync(Month, isDryRun: false);

        Assert.That(
            pruned, Is.EqualTo(new[]
            {
                new PrunedItem(PrunedKind.Upload, _root[$"{folder}/20260101-000000-PACKAGEBUILD-1"], new("PACKAGEBUILD", 1), 4),
            }));
        Assert.That(Directory.GetDirectories(_root[folder]), Has.Length.EqualTo(1));
        Assert.That(Directory.GetDirectories(_root["incoming"]), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Logs_go_when_their_build_has_been_over_for_so_long()
    {
        var over = await AddAsync(build => build.Dispatched("bob", _time.GetUtcNow()).Ended(BuildState.FailedToBuild, _time.GetUtcNow()));
        var cancelled = await AddAsync(build => build.CancelledBy(_time.GetUtcNow()));
        var waits = await AddAsync(build => build);
        var uploads = await AddAsync(
            build => build.Dispatched("bob", _time.GetUtcNow()).GatheringInto("leaf").HandedOver([], _time.GetUtcNow()));
        foreach (var build in new[] { over, cancelled, waits, uploads })
            Write($"logs/{build.Cookie}/1/buildlog.txt.gz");
        Write("logs/PACKAGEBUILD-99/1/buildlog.txt.gz");
        Write("logs/notes/text");
        _time.Advance(Month);
        Assert.That(await Pruner.RunAsync(Month, isDryRun: false), Is.Empty);
        _time.Advance(TimeSpan.FromSeconds(1));

        var pruned = await Pruner.RunAsync(Month, isDryRun: false);

        Assert.That(pruned.Select(item => (item.Kind, item.Build)), Is.EqualTo(new[]
        {
            (PrunedKind.BuildLogs, over.Cookie), (PrunedKind.BuildLogs, (Buildd.Protocol.BuildCookie?)cancelled.Cookie),
        }));
        Assert.That(Directory.GetDirectories(_root["logs"]), Has.Length.EqualTo(4));
    }

    [Test]
    public async Task Logs_of_uploads_go_by_their_age()
    {
        Write("upload-logs/upload_1_log.txt");
        Write("upload-logs/upload_2_log.txt");
        Write("upload-logs/notes.txt");
        File.SetLastWriteTimeUtc(_root["upload-logs/upload_1_log.txt"], _time.GetUtcNow().AddDays(-31).UtcDateTime);
        File.SetLastWriteTimeUtc(_root["upload-logs/upload_2_log.txt"], _time.GetUtcNow().UtcDateTime);

        var pruned = await Pruner.RunAsync(Month, isDryRun: false);

        Assert.That(pruned.Single().Path, Is.EqualTo(_root["upload-logs/upload_1_log.txt"]));
        Assert.That(Directory.GetFiles(_root["upload-logs"]), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task A_dry_run_changes_nothing_and_finds_the_same()
    {
        Write("rejected/20260101-000000-PACKAGEBUILD-1/1/debian/a.deb");

        var would = await Pruner.RunAsync(Month, isDryRun: true);

        Assert.That(Directory.GetFileSystemEntries(_root.Path), Has.Length.EqualTo(1), "no lock either");
        Assert.That(await Pruner.RunAsync(Month, isDryRun: false), Is.EqualTo(would));
        Assert.That(await Pruner.RunAsync(Month, isDryRun: true), Is.Empty);
    }

    [Test]
    public async Task A_link_in_an_upload_leads_nowhere()
    {
        Write("precious/file");
        Directory.CreateDirectory(_root["failed/20260101-000000-PACKAGEBUILD-1"]);
        Directory.CreateSymbolicLink(_root["failed/20260101-000000-PACKAGEBUILD-1/link"], _root["precious"]);

        await Pruner.RunAsync(Month, isDryRun: false);

        Assert.That(File.Exists(_root["precious/file"]));
        Assert.That(Directory.GetDirectories(_root["failed"]), Is.Empty);
    }

    [Test]
    public async Task Who_processes_uploads_is_not_disturbed()
    {
        using var held = await UploadLock.AcquireAsync(_root.Path, UploadProcessor.Context, TimeSpan.Zero, _time, default);

        await Assert.ThatAsync(() => Pruner.RunAsync(Month, isDryRun: false), Throws.TypeOf<UploadsLockedException>());
    }

    private async Task<Build> AddAsync(Func<Build, Build> change)
    {
        var added = (await _builds.AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "hello" }]))[0];
        return (await _builds.ChangeAsync(added.Id, change))!;
    }

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root[name])!);
        File.WriteAllText(_root[name], "text");
    }
}
