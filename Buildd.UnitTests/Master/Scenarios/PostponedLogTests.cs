using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Large logs are gzipped when their builder is free, and not lost before.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class PostponedLogTests : IAsyncDisposable
{
    private static readonly string Large = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i}\n"));

    private readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    private string Logs => Path.Combine(_farm.Root, "logs");

    [Test]
    public async Task A_builder_is_free_before_its_large_log_is_gzipped()
    {
        var (slave, build) = await BuildingAsync();
        // Something that gzipping can't get past.
        var inTheWay = Path.Combine(
            Logs, build.Cookie.ToString(), "1", "buildlog_debian-bookworm-amd64.hello_2.10-3_FAILEDTOBUILD.txt.gz.part");
        Directory.CreateDirectory(inTheWay);
        slave.EndWith(BuildStatus.PackageFail);

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Idle);

        Assert.That(build.LogName + ".part", Is.EqualTo(Path.GetFileName(inTheWay)));
        Assert.That(_farm.LogText(build), Is.EqualTo(Large), "it is shown as it is");
        Directory.Delete(inTheWay);
        await _farm.UntilAsync(() => File.Exists(_farm.Master.Logs.StoredPath(build)) && Pending.Length == 0);
        Assert.That(_farm.LogText(build), Is.EqualTo(Large));
        Assert.That(File.Exists(Path.Combine(Logs, build.Cookie.ToString(), "1.log")), Is.False);
    }

    [Test]
    public async Task A_log_that_a_former_master_had_not_gzipped_yet_is_gzipped_by_the_next_one()
    {
        var build = await _farm.QueueAsync();
        build = (await _farm.Builds.TryReplaceAsync([build.Dispatched("bob", _farm.Now)])).Single()!;
        build = (await _farm.Builds.TryReplaceAsync(
            [build.Ended(BuildState.FailedToBuild, _farm.Now) with { LogName = "buildlog.txt.gz" }])).Single()!;
        await NoteAsync(build, "buildlog.txt.gz");

        _farm.Start();
        await _farm.UntilAsync(() => Pending.Length == 0);

        Assert.That(_farm.LogText(build), Is.EqualTo(Large));
        Assert.That(File.Exists(_farm.Master.Logs.StoredPath(build)));
    }

    [Test]
    public async Task A_log_of_a_build_that_its_builder_still_has_is_left_alone()
    {
        var (_, build) = await BuildingAsync();
        await NoteAsync(await _farm.FindAsync(build), "buildlog.txt.gz");

        await _farm.PassAsync(TimeSpan.FromMinutes(2));

        Assert.That(Pending, Has.Length.EqualTo(1));
        Assert.That(File.Exists(Path.Combine(Logs, build.Cookie.ToString(), "1.log")));
    }

    private string[] Pending => Directory.GetFiles(Path.Combine(Logs, ".pending"));

    /// <summary>What a master leaves that was killed before it had gzipped a log.</summary>
    private async Task NoteAsync(Build build, string name)
    {
        Directory.CreateDirectory(Path.Combine(Logs, ".pending"));
        Directory.CreateDirectory(Path.Combine(Logs, build.Cookie.ToString()));
        if (!File.Exists(Path.Combine(Logs, build.Cookie.ToString(), "1.log")))
            await File.WriteAllTextAsync(Path.Combine(Logs, build.Cookie.ToString(), "1.log"), Large);
        await File.WriteAllTextAsync(Path.Combine(Logs, ".pending", $"{build.Cookie}.1"), name);
    }

    private async Task<(SocketSlave Slave, Build Build)> BuildingAsync()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        slave.Log(Large);
        await _farm.PassAsync(TimeSpan.FromSeconds(20));
        return (slave, build);
    }
}
