using Buildd.Protocol;
using Buildd.Slave.Files;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>What goes from the cache, when, and in which order.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class CacheFolderTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLogger<FileCache> _logger = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_was_not_used_for_the_largest_age_goes()
    {
        var old = Add("old", TimeSpan.FromDays(3));
        var young = Add("young", TimeSpan.FromDays(3) - TimeSpan.FromSeconds(1));

        Cache(new FileCacheOptions()).Sweep();

        RequireThere(young);
        RequireGone(old);
        Assert.That(_logger.Lines.Single(), Does.StartWith("Information: Removed 1 files of 3 bytes"));
    }

    [Test]
    public void Without_an_age_or_a_budget_everything_stays()
    {
        var old = Add("old", TimeSpan.FromDays(3000));

        Cache(new FileCacheOptions { MaxAge = TimeSpan.Zero, BudgetBytes = 0, FreeSpaceFloorBytes = 0 }).Sweep();

        RequireThere(old);
    }

    [Test]
    public void What_is_over_the_budget_goes_least_recently_used_first()
    {
        var second = Add("22222", TimeSpan.FromHours(2));
        var oldest = Add("11111", TimeSpan.FromHours(3));
        var third = Add("33333", TimeSpan.FromHours(1));

        Cache(new FileCacheOptions { BudgetBytes = 10 }).Sweep();

        RequireGone(oldest);
        RequireThere(second, third);
    }

    [Test]
    public void What_was_made_of_a_file_counts_against_the_budget_and_goes_before_its_file()
    {
        var older = Add("11111", TimeSpan.FromHours(3));
        var newer = Add("22222", TimeSpan.FromHours(2));
        DerivedFile[] made = [Made(newer, 10, TimeSpan.FromHours(5)), Made(older, 10, TimeSpan.FromHours(4))];

        var going = Cache(new FileCacheOptions { BudgetBytes = 20 }).SweepWith(made);

        Assert.That(going, Is.EqualTo(new[] { made[1] }), "its file's use counts for it");
        RequireThere(older, newer);
    }

    [Test]
    public void What_was_made_of_a_file_that_is_gone_goes_when_no_slave_has_used_it_for_long()
    {
        var there = Add("there", TimeSpan.Zero);
        DerivedFile[] made =
        [
            Made(there, 1, TimeSpan.FromDays(9)), Made(SlaveBench.Sha1Of("gone"), 1, TimeSpan.FromDays(3)),
            Made(SlaveBench.Sha1Of("another slave's"), 1, TimeSpan.FromDays(2)),
        ];

        Assert.That(Cache(new FileCacheOptions()).SweepWith(made), Is.EqualTo(new[] { made[1] }));
        Assert.That(Cache(new FileCacheOptions { MaxAge = TimeSpan.Zero }).SweepWith(made), Is.EqualTo(new[] { made[1] }));
    }

    [Test]
    public void What_was_made_of_a_file_goes_when_the_file_does()
    {
        var old = Add("old", TimeSpan.FromDays(4));
        var made = Made(old, 1, TimeSpan.FromDays(4));

        Assert.That(Cache(new FileCacheOptions()).SweepWith([made]), Is.EqualTo(new[] { made }));
        RequireGone(old);
    }

    [Test]
    public void What_was_made_of_a_file_stays_while_that_is_needed()
    {
        var old = Add("old", TimeSpan.FromDays(4));
        var gone = SlaveBench.Sha1Of("gone");
        var cache = Cache(new FileCacheOptions());
        using var lease = new CacheLease(cache);
        lease.Add(Sha1.Parse(old));
        lease.Add(Sha1.Parse(gone));
        File.SetLastAccessTimeUtc(_folder[old], _clock.GetUtcNow().UtcDateTime.AddDays(-4));

        Assert.That(cache.SweepWith([Made(old, 1, TimeSpan.FromDays(4)), Made(gone, 1, TimeSpan.FromDays(4))]), Is.Empty);
    }

    private DerivedFile Made(string sha1, long bytes, TimeSpan unused) => new(Sha1.Parse(sha1), bytes, _clock.GetUtcNow() - unused);

    [Test]
    public void The_time_of_use_counts_and_not_that_of_the_download_and_survives_a_restart()
    {
        var used = Add("used", TimeSpan.FromDays(5));
        var unused = Add("unused", TimeSpan.FromDays(4));
        var modified = File.GetLastWriteTimeUtc(_folder[used]);
        Assert.That(Cache(new FileCacheOptions()).Use(Sha1.Parse(used)), Is.EqualTo(_folder[used]));

        Cache(new FileCacheOptions()).Sweep();

        RequireThere(used);
        RequireGone(unused);
        Assert.That(File.GetLastWriteTimeUtc(_folder[used]), Is.EqualTo(modified), "clients are told this one");
    }

    [Test]
    public void What_was_used_a_moment_ago_stays_however_much_there_is()
    {
        var recent = Add("recent", CacheFolder.RecentUse - TimeSpan.FromSeconds(1));
        var cache = Cache(new FileCacheOptions { BudgetBytes = 1, FreeSpaceFloorBytes = long.MaxValue, MaxAge = TimeSpan.FromSeconds(1) });

        cache.Sweep();
        RequireThere(recent);

        _clock.Advance(TimeSpan.FromSeconds(1));
        cache.Sweep();
        RequireGone(recent);
    }

    [Test]
    public void What_somebody_needs_stays_until_the_last_of_them_does_not()
    {
        var needed = Add("needed", TimeSpan.FromDays(9));
        var cache = Cache(new FileCacheOptions { BudgetBytes = 1 });
        var first = new CacheLease(cache);
        var second = new CacheLease(cache);
        first.Add(Sha1.Parse(needed));
        first.Add(Sha1.Parse(needed));
        second.Add(Sha1.Parse(needed));
        File.SetLastAccessTimeUtc(_folder[needed], _clock.GetUtcNow().UtcDateTime.AddDays(-9));

        cache.Sweep();
        RequireThere(needed);

        first.Dispose();
        first.Dispose();
        File.SetLastAccessTimeUtc(_folder[needed], _clock.GetUtcNow().UtcDateTime.AddDays(-9));
        cache.Sweep();
        RequireThere(needed);

        second.Dispose();
        cache.Sweep();
        RequireThere(needed); // it was used until now

        _clock.Advance(CacheFolder.RecentUse);
        cache.Sweep();
        RequireGone(needed);
    }

    [Test]
    public void A_file_that_is_needed_before_it_is_there_is_needed_too()
    {
        var cache = Cache(new FileCacheOptions { BudgetBytes = 1 });
        using var lease = new CacheLease(cache);
        lease.Add(Sha1.Parse(SlaveBench.Sha1Of("result")));
        var result = Add("result", TimeSpan.FromDays(9));

        cache.Sweep();

        RequireThere(result);
    }

    [Test]
    public void Only_ordinary_files_with_a_sum_for_a_name_go()
    {
        var old = _clock.GetUtcNow().UtcDateTime.AddDays(-9);
        var outside = _folder["outside"];
        foreach (var name in (string[])["buildlog", "outside", "notes.txt", "running.tmp"])
        {
            File.WriteAllText(_folder[name], name);
            File.SetLastAccessTimeUtc(_folder[name], old);
        }

        File.CreateSymbolicLink(_folder[SlaveBench.Sha1Of("link")], outside);
        Directory.CreateDirectory(_folder[SlaveBench.Sha1Of("folder")]);

        Cache(new FileCacheOptions { BudgetBytes = 1 }).Sweep();

        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Has.Length.EqualTo(6));
    }

    [Test]
    public void What_would_not_be_enough_is_not_removed()
    {
        var old = Add("old", TimeSpan.FromHours(2));
        var cache = Cache(new FileCacheOptions { FreeSpaceFloorBytes = 0 });

        Assert.That(cache.FindLack(9_000_000_000_000_000), Does.StartWith("Not enough space: 9000000000000000 bytes are to be written"));

        RequireThere(old);
        var made = Made(old, 1, TimeSpan.FromHours(2));
        Assert.That(cache.SweepWith([made]), Is.Empty, "nor by the janitor afterwards");
        RequireThere(old);
    }

    [Test]
    public void A_file_that_was_used_in_the_future_is_the_oldest()
    {
        var ahead = Add("ahead", -TimeSpan.FromDays(1));
        var old = Add("older", TimeSpan.FromHours(2));
        var corrected = Add("corrected", -TimeSpan.FromSeconds(5));

        Cache(new FileCacheOptions { BudgetBytes = 14 }).Sweep();

        RequireGone(ahead);
        RequireThere(old, corrected);
        Cache(new FileCacheOptions { BudgetBytes = 1 }).Sweep();
        RequireGone(old);
        RequireThere(corrected);
    }

    [Test]
    public void A_cache_is_one_slaves_at_a_time()
    {
        var first = Cache(new FileCacheOptions()).Take()!;

        Assert.That(
            () => Cache(new FileCacheOptions()).Take(),
            Throws.TypeOf<FileCacheException>().With.Message.EqualTo(
                $"the file cache '{_folder.Path}' is another slave's that runs: give each a cache of its own"));
        first.Dispose();
        Cache(new FileCacheOptions()).Take()!.Dispose();
    }

    [Test]
    public void Too_little_room_is_made_and_told_if_it_can_not_be()
    {
        var old = Add("old", TimeSpan.FromHours(1));
        var cache = Cache(new FileCacheOptions { FreeSpaceFloorBytes = long.MaxValue });

        Assert.That(
            cache.FindLack(),
            Does.StartWith($"Not enough space: {long.MaxValue} bytes have to stay free on the file system of '{_folder.Path}'"));
        RequireGone(old);
        Assert.That(cache.FindLack(5), Does.StartWith("Not enough space: 5 bytes are to be written and "));
    }

    [Test]
    public void Nothing_goes_while_there_is_room()
    {
        var old = Add("old", TimeSpan.FromHours(1));
        var cache = Cache(new FileCacheOptions { FreeSpaceFloorBytes = 0 });

        Assert.That(cache.FindLack(), Is.Null);
        Assert.That(cache.FindLack(1000), Is.Null);
        RequireThere(old);
        Assert.That(cache.FindLack(long.MaxValue), Is.Not.Null);
    }

    [Test]
    public void What_an_earlier_run_left_half_done_goes_and_nothing_else()
    {
        var sum = Add("whole", TimeSpan.Zero);
        foreach (var name in (string[])[$"{sum}.tmp", $"{sum}-0123.tmp", "store-0123.tmp", "storeFile.tmp", "other.tmp", "buildlog"])
            File.WriteAllText(_folder[name], "");

        Assert.That(Cache(new FileCacheOptions()).RemoveLeftovers(), Is.EqualTo(4));

        Assert.That(
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { sum, "other.tmp", "buildlog" }));
    }

    [Test]
    public void A_folder_that_is_gone_is_told()
    {
        var cache = new CacheFolder(_folder["gone"], new FileCacheOptions(), _clock, _logger);

        Assert.That(() => cache.Sweep(), Throws.TypeOf<FileCacheException>().With.Message.Contains(_folder["gone"]));
        Assert.That(() => cache.FindLack(), Throws.TypeOf<FileCacheException>().With.Message.Contains(_folder["gone"]));
    }

    [TestCase(-1, 0, 0)]
    [TestCase(0, -1, 0)]
    [TestCase(0, 0, -1)]
    public void A_negative_figure_is_a_mistake(int budget, int days, int floor)
    {
        var options = new FileCacheOptions { BudgetBytes = budget, MaxAge = TimeSpan.FromDays(days), FreeSpaceFloorBytes = floor };

        Assert.That(options.FindMistakes().Single(), Does.Contain("-1").And.Contain("is negative"));
        Assert.That(new FileCacheOptions().FindMistakes(), Is.Empty);
    }

    private CacheFolder Cache(FileCacheOptions options) => new(_folder.Path, options, _clock, _logger);

    /// <summary>Puts a file into the cache that was used last so long ago, and was fetched a little earlier.</summary>
    private string Add(string content, TimeSpan unused)
    {
        var sha1 = SlaveBench.Sha1Of(content);
        File.WriteAllText(_folder[sha1], content);
        File.SetLastAccessTimeUtc(_folder[sha1], (_clock.GetUtcNow() - unused).UtcDateTime);
        File.SetLastWriteTimeUtc(_folder[sha1], (_clock.GetUtcNow() - unused).UtcDateTime.AddHours(-1));
        return sha1;
    }

    private void RequireThere(params string[] sums) =>
        Assert.That(sums.Where(sum => !File.Exists(_folder[sum])), Is.Empty);

    private void RequireGone(string sum)
    {
        Assert.That(File.Exists(_folder[sum]), Is.False);
        Assert.That(Directory.GetFileSystemEntries(_folder.Path, "*.tmp"), Is.Empty);
    }
}
