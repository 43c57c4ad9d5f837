using Buildd.Processes;
using Buildd.UnitTests.Testing;
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
    public async Task A_pipe_holds_nobody_up_and_is_an_empty_file(bool elsewhere)
    {
        using var other = elsewhere ? OtherFileSystem() : null;
        var made = Path.Combine(other?.Path ?? _folder.Path, "made");
        await ProcessRunner.CaptureAsync(Command.Of("mkfifo", made));

        Assert.That(await Task.Run(() => StoreAsync(made)).WaitAsync(SlaveBench.Deadline), Is.EqualTo((SlaveBench.Sha1Of(""), true)));
        Assert.That(new FileInfo(_slave.InCache(SlaveBench.Sha1Of(""))).Attributes.HasFlag(FileAttributes.Device), Is.False);
        RequireEntries(SlaveBench.Sha1Of(""));
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
    public void Removing_takes_sums_only()
    {
        var sum = _slave.Add("content");
        File.WriteAllText(_slave.LogPath, "");
        File.WriteAllText(_folder["outside"], "");

        _slave.Cache.Remove("buildlog");
        _slave.Cache.Remove(_folder["outside"]);
        _slave.Cache.Remove(sum);
        _slave.Cache.Remove(sum);

        RequireEntries("buildlog");
        Assert.That(File.Exists(_folder["outside"]));
    }

    private static TemporaryDirectory OtherFileSystem()
    {
        Machine.Require(Directory.Exists(Elsewhere), $"a folder {Elsewhere} on a file system of its own");
        return new TemporaryDirectory(Elsewhere);
    }

    private Task<(string Sha1, bool IsNew)> StoreAsync(string path) => _slave.Cache.StoreAsync(path, SlaveBench.Deadline);

    private void RequireEntries(params string[] names) =>
        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory).Select(Path.GetFileName), Is.EquivalentTo(names));
}
