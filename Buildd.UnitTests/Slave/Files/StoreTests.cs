using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>Results on their way into the cache. A build may leave anything under a result's name.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class StoreTests : IAsyncDisposable
{
    /// <summary>On most machines another file system than the one for temporary files.</summary>
    private const string Elsewhere = "/dev/shm";

    private readonly SlaveBench _slave = new();
    private readonly TemporaryDirectory _folder = new();

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return _slave.DisposeAsync();
    }

    [Test]
    public async Task A_file_is_moved_to_its_sum()
    {
        await File.WriteAllTextAsync(_folder["made"], "content");

        Assert.That(await StoreAsync(_folder["made"]), Is.EqualTo((SlaveBench.Sha1Of("content"), true)));
        Assert.That(await File.ReadAllTextAsync(_slave.InCache(SlaveBench.Sha1Of("content"))), Is.EqualTo("content"));
        Assert.That(File.Exists(_folder["made"]), Is.False);
        RequireEntries(SlaveBench.Sha1Of("content"));
    }

    [Test]
    public async Task Content_that_is_there_already_is_not_new()
    {
        _slave.Add("content");
        await File.WriteAllTextAsync(_folder["made"], "content");

        Assert.That(await StoreAsync(_folder["made"]), Is.EqualTo((SlaveBench.Sha1Of("content"), false)));
        RequireEntries(SlaveBench.Sha1Of("content"));
    }

    [Test]
    public void A_file_that_is_not_there_is_a_failure()
    {
        Assert.That(async () => await StoreAsync(_folder["made"]), Throws.TypeOf<FileNotFoundException>());
        RequireEntries();
    }

    [Test]
    public async Task A_folder_is_a_failure()
    {
        Directory.CreateDirectory(_folder["made"]);

        Assert.That(async () => await StoreAsync(_folder["made"]), Throws.InstanceOf<IOException>());
        RequireEntries();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_link_is_refused_and_what_it_leads_to_stays(bool elsewhere)
    {
        using var other = elsewhere ? OtherFileSystem() : null;
        var made = Path.Combine(other?.Path ?? _folder.Path, "made");
        await File.WriteAllTextAsync(_folder["secret"], "secret");
        File.CreateSymbolicLink(made, _folder["secret"]);

        Assert.That(async () => await StoreAsync(made), Throws.InstanceOf<IOException>().With.Message.Contains("symbolic link"));
        Assert.That(await File.ReadAllTextAsync(_folder["secret"]), Is.EqualTo("secret"));
        RequireEntries();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_pipe_is_refused_and_holds_nobody_up(bool elsewhere)
    {
        using var other = elsewhere ? OtherFileSystem() : null;
        var made = Path.Combine(other?.Path ?? _folder.Path, "made");
        await ProcessRunner.CaptureAsync(Command.Of("mkfifo", made));

        Assert.That(
            async () => await Task.Run(() => StoreAsync(made)).WaitAsync(SlaveBench.Deadline), Throws.InstanceOf<IOException>()
                .With.Message.Contains("not an ordinary file"));
        RequireEntries();
    }

    [Test]
    public async Task An_empty_file_is_a_result_like_any_other()
    {
        await File.WriteAllTextAsync(_folder["made"], "");

        Assert.That(await StoreAsync(_folder["made"]), Is.EqualTo((SlaveBench.Sha1Of(""), true)));
        RequireEntries(SlaveBench.Sha1Of(""));
    }

    [Test]
    public async Task A_file_is_moved_and_not_copied()
    {
        await File.WriteAllTextAsync(_folder["made"], "content");
        var before = UnixFile.Look(_folder["made"])!.Value;

        var (sum, _) = await StoreAsync(_folder["made"]);

        Assert.That(UnixFile.Look(_slave.InCache(sum))!.Value.IsSameFileAs(before));
    }

    [Test]
    public async Task A_file_that_somebody_can_still_write_to_is_copied()
    {
        await using var writer = new FileStream(_folder["made"], FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        await writer.WriteAsync("content"u8.ToArray());
        await writer.FlushAsync();

        var (sum, _) = await StoreAsync(_folder["made"]);
        writer.Position = 0;
        await writer.WriteAsync("CHANGED"u8.ToArray());
        await writer.FlushAsync();

        Assert.That(sum, Is.EqualTo(SlaveBench.Sha1Of("content")));
        Assert.That(await File.ReadAllTextAsync(_slave.InCache(sum)), Is.EqualTo("content"));
        Assert.That(File.Exists(_folder["made"]), Is.False);
    }

    [Test]
    public async Task A_file_with_a_second_name_is_copied()
    {
        await File.WriteAllTextAsync(_folder["made"], "content");
        await ProcessRunner.CaptureAsync(Command.Of("ln", _folder["made"], _folder["second"]));

        var (sum, _) = await StoreAsync(_folder["made"]);
        await File.WriteAllTextAsync(_folder["second"], "changed");

        Assert.That(await File.ReadAllTextAsync(_slave.InCache(sum)), Is.EqualTo("content"));
        Assert.That(File.Exists(_folder["made"]), Is.False);
    }

    [Test]
    public async Task A_result_is_ours_readable_and_from_now()
    {
        Machine.Require(Environment.IsPrivilegedProcess, "root");
        await File.WriteAllTextAsync(_folder["made"], "content");
        await ProcessRunner.CaptureAsync(Command.Of("chown", "65534", _folder["made"]));
        File.SetUnixFileMode(
            _folder["made"], UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.SetUser | UnixFileMode.OtherWrite);
        File.SetLastWriteTimeUtc(_folder["made"], DateTime.UnixEpoch); // as SOURCE_DATE_EPOCH makes them

        var (sum, _) = await StoreAsync(_folder["made"]);

        var file = new FileInfo(_slave.InCache(sum));
        Assert.That(UnixFile.Look(file.FullName)!.Value.Owner, Is.EqualTo(CurrentUser.Id));
        Assert.That(
            file.UnixFileMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead), "and nobody else's");
        Assert.That(file.LastWriteTimeUtc, Is.GreaterThan(DateTime.UnixEpoch.AddYears(30)));
    }

    [Test]
    public async Task A_link_in_the_place_of_the_sum_is_replaced()
    {
        await File.WriteAllTextAsync(_folder["outside"], "outside");
        File.CreateSymbolicLink(_slave.InCache(SlaveBench.Sha1Of("content")), _folder["outside"]);
        await File.WriteAllTextAsync(_folder["made"], "content");

        Assert.That(await StoreAsync(_folder["made"]), Is.EqualTo((SlaveBench.Sha1Of("content"), true)));
        Assert.That(new FileInfo(_slave.InCache(SlaveBench.Sha1Of("content"))).LinkTarget, Is.Null);
        Assert.That(await File.ReadAllTextAsync(_folder["outside"]), Is.EqualTo("outside"));
    }

    [Test]
    public async Task A_result_that_is_given_up_leaves_nothing()
    {
        using var other = OtherFileSystem();
        await File.WriteAllTextAsync(other["made"], "content");
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        Assert.That(
            async () => await _slave.Cache.StoreAsync(other["made"], _slave.Cache.Hold([]), gone.Token),
            Throws.InstanceOf<OperationCanceledException>());
        RequireEntries();
    }

    [Test]
    public async Task A_file_comes_over_from_another_file_system()
    {
        using var other = OtherFileSystem();
        await File.WriteAllTextAsync(other["made"], "content");

        Assert.That(await StoreAsync(other["made"]), Is.EqualTo((SlaveBench.Sha1Of("content"), true)));
        Assert.That(File.Exists(other["made"]), Is.False);
    }

    [Test]
    public void Removing_takes_the_file_of_the_sum_only()
    {
        var sum = Sha1.Parse(_slave.Add("content"));
        File.WriteAllText(_slave.LogPath, "");

        _slave.Cache.Remove(sum);
        _slave.Cache.Remove(sum);

        RequireEntries("buildlog");
    }

    [Test]
    public void A_file_of_holes_is_refused_that_would_not_fit_if_they_were_filled()
    {
        using (var file = File.OpenHandle(_folder["made"], FileMode.CreateNew, FileAccess.Write))
            RandomAccess.SetLength(file, 10_000_000_000);
        _slave.Options.Cache.FreeSpaceFloorBytes = new DriveInfo(_slave.Options.FileCacheDirectory).AvailableFreeSpace - 5_000_000_000;

        Assert.That(
            async () => await StoreAsync(_folder["made"]), Throws.TypeOf<NoRoomException>().With.Message.Contains("Not enough space"));
        RequireEntries();
    }

    [Test]
    public async Task A_file_that_takes_its_room_already_is_moved_also_when_there_is_no_more()
    {
        await File.WriteAllBytesAsync(_folder["made"], new byte[3_000_000]);
        // A process that another test is just starting has our descriptor until it is another program.
        using (var made = UnixFile.OpenToRead(_folder["made"]))
            await Until.TrueAsync(() => UnixFile.HasNoWriter(made));
        _slave.Options.Cache.FreeSpaceFloorBytes = long.MaxValue;

        Assert.That(async () => await StoreAsync(_folder["made"]), Throws.Nothing);
    }

    [Test]
    public async Task A_file_that_has_to_be_copied_is_refused_without_room_for_the_copy()
    {
        using var other = OtherFileSystem();
        await File.WriteAllTextAsync(other["made"], "content");
        _slave.Options.Cache.FreeSpaceFloorBytes = long.MaxValue;

        Assert.That(async () => await StoreAsync(other["made"]), Throws.TypeOf<NoRoomException>());
        RequireEntries();
    }

    private static TemporaryDirectory OtherFileSystem()
    {
        Machine.Require(Directory.Exists(Elsewhere), $"a folder {Elsewhere} on a file system of its own");
        return new TemporaryDirectory(Elsewhere);
    }

    private async Task<(string Sha1, bool IsNew)> StoreAsync(string path)
    {
        var (sha1, isNew) = await _slave.Cache.StoreAsync(path, _slave.Cache.Hold([]), SlaveBench.Deadline);
        return (sha1.ToString(), isNew);
    }

    private void RequireEntries(params string[] names) =>
        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory).Select(Path.GetFileName), Is.EquivalentTo(names));
}
