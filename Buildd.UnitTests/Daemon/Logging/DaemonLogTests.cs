using Buildd.Daemon.Logging;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Logging;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DaemonLogTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Path => _folder["slave.log"];

    [Test]
    public async Task What_is_logged_is_in_the_file_in_its_order()
    {
        await using (var log = Open())
        {
            for (var i = 0; i < 100; i++)
                Say(log, $"message {i}");
        }

        Assert.That(
            File.ReadLines(Path).Select(line => line[line.LastIndexOf("message", StringComparison.Ordinal)..]),
            Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"message {i}")));
    }

    [Test]
    public async Task A_file_that_is_there_is_continued()
    {
        await File.WriteAllTextAsync(Path, "before\n");

        await using (var log = Open())
            Say(log, "after");

        Assert.That(File.ReadLines(Path).First(), Is.EqualTo("before"));
        Assert.That(File.ReadLines(Path).Last(), Does.EndWith("after"));
    }

    [Test]
    public async Task A_new_file_is_for_the_owner_and_the_group()
    {
        await using (Open())
        {
            // opened is enough
        }

        Assert.That(File.GetUnixFileMode(Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
    }

    [Test]
    public async Task After_a_rename_lines_go_to_the_new_file_once_it_is_opened_again()
    {
        await using (var log = Open())
        {
            Say(log, "first");
            await Until.TrueAsync(() => File.ReadAllText(Path).Contains("first", StringComparison.Ordinal));
            File.Move(Path, _folder["slave.log.1"]);
            Say(log, "second");
            await Until.TrueAsync(() => File.ReadAllText(_folder["slave.log.1"]).Contains("second", StringComparison.Ordinal));
            log.Reopen();
            await Until.TrueAsync(() => File.Exists(Path));
            Say(log, "third");
        }

        Assert.That(File.ReadAllText(_folder["slave.log.1"]), Does.Contain("second").And.Not.Contain("third"));
        Assert.That(File.ReadAllText(Path), Does.Contain("opened again").And.Contain("third").And.Not.Contain("second"));
        Assert.That(File.GetUnixFileMode(Path).HasFlag(UnixFileMode.OtherRead), Is.False);
    }

    [Test]
    public async Task When_the_new_file_can_not_be_opened_the_old_one_is_kept_and_says_so()
    {
        await using (var log = Open())
        {
            File.Move(Path, _folder["slave.log.1"]);
            Directory.CreateDirectory(Path);
            log.Reopen();
            await Until.TrueAsync(
                () => File.ReadAllText(_folder["slave.log.1"]).Contains("can't be opened again", StringComparison.Ordinal));
            Say(log, "still here");
        }

        Assert.That(
            File.ReadAllText(_folder["slave.log.1"]), Does.Contain(" error ").And.Contain("so the old file is kept")
                .And.Contain("still here"));
    }

    [Test]
    public void A_file_that_can_not_be_opened_is_an_error_at_once() =>
        Assert.That(
            () => new DaemonLog(new DaemonLogOptions { Path = _folder["none/slave.log"] }, forJournal: false, TimeProvider.System),
            Throws.InstanceOf<IOException>());

    [Test]
    public async Task A_file_has_no_priorities_whatever_systemd_says()
    {
        await using (var log = new DaemonLog(new DaemonLogOptions { Path = Path }, forJournal: true, TimeProvider.System))
            Say(log, "message");

        Assert.That(File.ReadAllText(Path), Does.Match(@"^\d{4}-"));
    }

    [Test]
    public async Task Who_logs_does_not_wait_for_the_disk_and_what_is_dropped_is_told()
    {
        // A pipe that nobody reads stands for a disk that hangs: opened by us for reading too, so that opening it does not wait.
        Assert.That(await Processes("mkfifo", Path), Is.Zero);
        using var reader = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var log = new DaemonLog(new DaemonLogOptions { Path = Path }, forJournal: false, TimeProvider.System);
        var logger = log.CreateLogger("Test");

        // 100 bytes and more each: the pipe takes 64 KiB and the writer's batch as much, the queue 1024 entries.
        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
            logger.Log(LogLevel.Information, default, new string('x', 100), null, (state, _) => state);

        var closing = log.DisposeAsync().AsTask();
        var text = new System.Text.StringBuilder();
        var buffer = new byte[64 * 1024];
        while (!text.ToString().Contains("entries were dropped here", StringComparison.Ordinal))
            text.Append(System.Text.Encoding.UTF8.GetString(buffer, 0, await reader.ReadAsync(buffer)));
        while (!closing.IsCompleted)
            await Task.WhenAny(closing, reader.ReadAsync(buffer).AsTask());
        await closing;

        Assert.That(text.ToString(), Does.Match(@" warning .*: \d+ entries were dropped here"));
    }

    [Test]
    public async Task A_full_disk_ends_nothing_and_is_told_when_there_is_room_again()
    {
        Machine.Require(File.Exists("/dev/full"), "/dev/full");
        File.CreateSymbolicLink(Path, "/dev/full");
        await using (var log = Open())
        {
            Say(log, "lost");
            await Until.TrueAsync(() => log.LostBytes > 0);
            File.Delete(Path);
            log.Reopen();
            await Until.TrueAsync(() => log.LostBytes == 0);
            Say(log, "kept");
        }

        Assert.That(
            File.ReadAllText(Path), Does.Match(@" error .*: \d+ bytes of the log could not be written here\n").And.Contain("kept")
                .And.Not.Contain("lost"));
    }

    private DaemonLog Open() => new(new DaemonLogOptions { Path = Path }, forJournal: false, TimeProvider.System);

    private static void Say(DaemonLog log, string message) =>
        log.CreateLogger("Test").Log(LogLevel.Information, default, message, null, (state, _) => state);

    private static async Task<int?> Processes(string program, string argument) =>
        (await Buildd.Linux.Processes.ProcessRunner.RunAsync(Buildd.Linux.Processes.Command.Of(program, argument), _ => { })).ExitCode;
}
