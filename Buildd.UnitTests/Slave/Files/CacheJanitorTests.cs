using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using Buildd.UnitTests.Testing;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>When the cache is looked over.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class CacheJanitorTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLogger<CacheJanitor> _logger = new();
    private readonly IDerivedFiles _derived = Substitute.For<IDerivedFiles>();
    private readonly SlaveBench _slave;
    private readonly CacheJanitor _janitor;

    public CacheJanitorTests()
    {
        _slave = new SlaveBench(_clock);
        _derived.List().Returns([]);
        _janitor = new CacheJanitor(_slave.Cache, [_derived], _clock, _logger);
    }

    public async ValueTask DisposeAsync()
    {
        await _janitor.StopAsync(CancellationToken.None);
        _janitor.Dispose();
        await _slave.DisposeAsync();
    }

    [Test]
    public async Task At_start_up_what_was_left_is_gone_at_once_and_what_is_old_soon()
    {
        var leftover = _slave.InCache(SlaveBench.Sha1Of("x") + ".tmp");
        await File.WriteAllTextAsync(leftover, "");
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");

        await _janitor.StartAsync(SlaveBench.Deadline);

        Assert.That(File.Exists(leftover), Is.False);
        Assert.That(_logger.Lines.Single(), Does.Contain("Removed 1 files from the file cache that an earlier run left half done"));
        await swept.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task From_time_to_time_what_is_old_goes()
    {
        await _janitor.StartAsync(SlaveBench.Deadline);
        await WaitingAsync(1);
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");

        _clock.Advance(CacheJanitor.Interval);

        await swept.WaitAsync(SlaveBench.Deadline);
        await WaitingAsync(2);
    }

    [Test]
    public async Task When_a_file_comes_in_what_is_old_goes()
    {
        await _janitor.StartAsync(SlaveBench.Deadline);
        await WaitingAsync(1);
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");
        _slave.Web.AnswerWith(System.Net.HttpStatusCode.OK, "content"u8.ToArray());

        await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }, SlaveBench.Deadline, CancellationToken.None);

        await swept.WaitAsync(SlaveBench.Deadline);
        Assert.That(File.Exists(_slave.InCache(SlaveBench.Sha1Of("content"))));
    }

    [Test]
    public async Task When_a_result_comes_in_what_is_old_goes()
    {
        await _janitor.StartAsync(SlaveBench.Deadline);
        await WaitingAsync(1);
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");

        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "hello.deb", "result"));

        await swept.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task A_folder_that_can_not_be_read_is_logged_and_looked_at_again()
    {
        Directory.Delete(_slave.Options.FileCacheDirectory);
        await _janitor.StartAsync(SlaveBench.Deadline);
        await WaitingAsync(1);
        Assert.That(_logger.Lines, Has.Count.EqualTo(2).And.All.StartsWith("Error: The file cache could not be "));

        Directory.CreateDirectory(_slave.Options.FileCacheDirectory);
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");
        _clock.Advance(CacheJanitor.Interval);

        await swept.WaitAsync(SlaveBench.Deadline);
    }

    private void AddOld() =>
        File.SetLastAccessTimeUtc(_slave.InCache(_slave.Add("old")), _clock.GetUtcNow().UtcDateTime.AddDays(-9));

    /// <summary>Waits until the janitor has gone to sleep so often.</summary>
    private async Task WaitingAsync(int times)
    {
        while (_clock.Waits.Count(wait => wait == CacheJanitor.Interval) < times)
            await Task.Delay(1, SlaveBench.Deadline);
    }
}
