using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>What a builder needs of the cache, and for how long.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderCacheTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly SlaveBench _slave;

    public BuilderCacheTests()
    {
        _slave = new SlaveBench(_clock);
        _slave.Options.Cache.BudgetBytes = 1;
        _slave.Options.Cache.FreeSpaceFloorBytes = 0;
    }

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task Inputs_stay_while_the_build_runs_and_results_until_clean()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var context = await _slave.StartAsync();
        await SlaveBench.AddResultAsync(context, "hello.deb", "result");
        string[] inputs = [SlaveBench.Sha1Of("chroot"), SlaveBench.Sha1Of("dsc")];
        var result = SlaveBench.Sha1Of("result");

        SweepMuchLater();
        Assert.That(Sums(), Is.EquivalentTo((string[])[.. inputs, result]));

        var ended = _slave.Logger.NextAsync(" ended: ");
        _slave.Builder.Abort();
        await ended.WaitAsync(SlaveBench.Deadline);
        _slave.Cache.Folder.Sweep();
        Assert.That(Sums(), Is.EquivalentTo((string[])[.. inputs, result]), "the inputs were used until now");
        SweepMuchLater();
        Assert.That(Sums(), Is.EqualTo(new[] { result }));

        _slave.Builder.Clean();
        Assert.That(Sums(), Is.Empty);
    }

    [Test]
    public async Task An_input_that_a_build_made_again_stays_until_clean_and_then_as_an_input()
    {
        _slave.Add("result");
        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "hello.deb", "result"));

        SweepMuchLater();
        Assert.That(Sums(), Is.EqualTo(new[] { SlaveBench.Sha1Of("result") }));

        _slave.Builder.Clean();
        Assert.That(Sums(), Is.EqualTo(new[] { SlaveBench.Sha1Of("result") }));
        SweepMuchLater();
        Assert.That(Sums(), Is.Empty);
    }

    [Test]
    public void The_inputs_of_a_build_that_is_refused_are_needed_by_nobody()
    {
        _slave.Backend.Check = _ => throw new RefusedException("no");

        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>());
        Assert.That(
            _slave.Builder.Start(_slave.Call() with { ChrootSha1 = new string('0', 40) }).Answer, Is.EqualTo(BuildAnswer.UnknownSum));

        SweepMuchLater();
        Assert.That(Sums(), Is.Empty);
    }

    [Test]
    public void A_build_is_refused_while_there_is_too_little_room_and_nothing_is_half_done()
    {
        _slave.Options.Cache.FreeSpaceFloorBytes = long.MaxValue;

        Assert.That(
            () => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>().With.Message.StartsWith("Not enough space: "));
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(_slave.Backend.Prepared, Is.Zero);
        Assert.That(Directory.GetDirectories(_slave.Options.WorkDirectory), Is.Empty);
        Assert.That(File.Exists(_slave.LogPath), Is.False);

        _slave.Options.Cache.FreeSpaceFloorBytes = 0;
        Assert.That(_slave.Builder.Start(_slave.Call()).Answer, Is.EqualTo(BuildAnswer.Building));
    }

    /// <summary>Sweeps after everything was last used long ago.</summary>
    private void SweepMuchLater()
    {
        foreach (var sum in Sums())
            File.SetLastAccessTimeUtc(_slave.InCache(sum), _clock.GetUtcNow().UtcDateTime - CacheFolder.RecentUse);
        _slave.Cache.Folder.Sweep();
    }

    private List<string> Sums() =>
        [
            .. Directory.GetFiles(_slave.Options.FileCacheDirectory).Select(path => Path.GetFileName(path))
                .Where(name => Sha1.TryParse(name, out _)),
        ];
}
