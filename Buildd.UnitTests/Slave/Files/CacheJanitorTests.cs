using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using Buildd.Testing.Runs;
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
    public async Task The_folder_is_closed_to_other_accounts_and_opened_to_who_builds()
    {
        Machine.Require(CurrentUser.IsRoot, "root, to give files away");
        var folder = _slave.Options.FileCacheDirectory;
        var input = _slave.InCache(_slave.Add("input"));
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_000_111);
        _slave.Options.Cache.ReaderGroup = 65534;

        _slave.Cache.Folder.CloseToOthers();

        Assert.That(File.GetUnixFileMode(folder), Is.EqualTo((UnixFileMode)0b111_101_000));
        Assert.That(
            await ProcessRunner.CaptureAsync(Command.Of("stat", "-c", "%g", folder, input)), Is.EqualTo("65534\n65534\n"));
    }

    [Test]
    public async Task What_comes_in_is_for_the_slave_and_who_builds()
    {
        _slave.Web.AnswerWith(System.Net.HttpStatusCode.OK, "content"u8.ToArray());
        await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }, SlaveBench.Deadline,
            CancellationToken.None);
        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "result", "a result"));

        var state = _slave.Options.WorkDirectory;
        foreach (
            var path in (string[])[
                _slave.InCache(SlaveBench.Sha1Of("content")), _slave.InCache(SlaveBench.Sha1Of("a result")), _slave.LogPath,
                Path.Combine(state, "builder.journal"), Path.Combine(state, "builder.lock")])
            Assert.That(File.GetUnixFileMode(path), Is.EqualTo((UnixFileMode)0b110_100_000), path);
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
            new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }, SlaveBench.Deadline,
            CancellationToken.None);

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

    [Test]
    public async Task What_was_made_of_files_goes_with_them_and_a_failure_keeps_nothing_else()
    {
        var (first, second) = (SlaveBench.Sha1Of("first"), SlaveBench.Sha1Of("second"));
        var removed = new TaskCompletionSource();
        var longAgo = _clock.GetUtcNow().AddDays(-4);
        _derived.List().Returns([new DerivedFile(Sha1.Parse(first), 1, longAgo), new DerivedFile(Sha1.Parse(second), 2, longAgo)]);
        _derived.RemoveAsync(Sha1.Parse(first), Arg.Any<CancellationToken>()).Returns(Task.FromException(new IOException("it is in use")));
        _derived.When(derived => derived.RemoveAsync(Sha1.Parse(second), Arg.Any<CancellationToken>())).Do(_ => removed.SetResult());

        await _janitor.StartAsync(SlaveBench.Deadline);
        await removed.Task.WaitAsync(SlaveBench.Deadline);
        await WaitingAsync(1);

        Assert.That(_logger.Lines, Has.Some.StartsWith($"Error: The file cache could not be swept of what was made of {first}"));
        Assert.That(_logger.Lines, Has.Some.StartsWith($"Information: Removed 2 bytes that were made of the file {second}"));
    }

    [Test]
    public async Task What_was_made_of_files_and_can_not_be_listed_is_logged_and_the_rest_goes()
    {
        _derived.List().Returns(_ => throw new IOException("no list"));
        AddOld();
        var swept = _slave.CacheLogger.NextAsync("Removed 1 files");

        await _janitor.StartAsync(SlaveBench.Deadline);

        await swept.WaitAsync(SlaveBench.Deadline);
        Assert.That(_logger.Lines.Single(), Does.StartWith("Error: The file cache could not be swept of what was made of its files"));
    }

    [Test]
    public async Task A_download_that_found_no_room_has_what_was_made_of_files_looked_at()
    {
        await _janitor.StartAsync(SlaveBench.Deadline);
        await WaitingAsync(1);
        var kept = _slave.Add("kept");
        var removed = new TaskCompletionSource();
        _derived.List().Returns([new DerivedFile(Sha1.Parse(kept), 5, _clock.GetUtcNow().AddHours(-1))]);
        _derived.When(derived => derived.RemoveAsync(Sha1.Parse(kept), Arg.Any<CancellationToken>())).Do(_ => removed.TrySetResult());
        File.SetLastAccessTimeUtc(_slave.InCache(kept), _clock.GetUtcNow().UtcDateTime.AddHours(-1));
        _slave.Options.Cache.FreeSpaceFloorBytes = long.MaxValue / 2;

        var reply = await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }, SlaveBench.Deadline,
            CancellationToken.None);

        Assert.That(reply.Info, Does.StartWith("Not enough space"));
        await removed.Task.WaitAsync(SlaveBench.Deadline);
    }

    private void AddOld() =>
        File.SetLastAccessTimeUtc(_slave.InCache(_slave.Add("old")), _clock.GetUtcNow().UtcDateTime.AddDays(-9));

    /// <summary>Waits until the janitor has gone to sleep so often.</summary>
    private async Task WaitingAsync(int times)
    {
        await Until.TrueAsync(() => _clock.Waits.Count(wait => wait == CacheJanitor.Interval) >= times);
    }
}
