using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Logs;
using Buildd.Testing.Files;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Logs;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AttemptLogTests : IDisposable
{
    private static readonly IReadOnlyList<ReadOnlyMemory<byte>> Secret = [Bytes("sesame")];

    private readonly TemporaryDirectory _folder = new();

    private string LogPath => _folder["1.log"];

    public void Dispose() => _folder.Dispose();

    [Test]
    public void What_is_held_back_is_on_the_disk_only_once_it_is_known_to_be_no_secret()
    {
        using var log = AttemptLog.Open(LogPath, Secret, 1 << 20);
        log.Append(Bytes("open ses"));
        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("open "));

        log.Append(Bytes("ame now\nhttp://u:p"));
        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("open *** now\nhttp"));
        log.Append(Bytes("@host/\n"));
        log.Complete();

        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("open *** now\nhttp://host/\n"));
    }

    [Test]
    public void A_log_stops_where_the_disk_has_no_room_left()
    {
        var room = 10L;
        using var log = AttemptLog.Open(LogPath, [], 1 << 20, () => room);
        log.Append(Bytes("0123456789"));
        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("0123456789"));
        room = 3;

        log.Append(Bytes("abcdef"));
        room = -1;
        log.Append(Bytes("more"));

        Assert.That(log.Offset, Is.EqualTo(20));
        Assert.That(
            File.ReadAllText(LogPath), Is.EqualTo("0123456789abc\n[the farm's disk has no room for more: the rest is not kept]\n"));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(4096)]
    public void A_log_that_is_gone_on_with_after_a_kill_anywhere_is_the_same(int piece)
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => $"line {i} of http://u{i}:secret@host/ and sesame\n"));
        using (var log = AttemptLog.Open(_folder["whole.log"], Secret, 1 << 20))
        {
            log.Append(Bytes(text));
            log.Complete();
        }

        var random = new Random(piece);
        var at = 0L;
        while (at < text.Length)
        {
            // The process ends without a word; what it had written is there.
            var log = AttemptLog.Open(LogPath, Secret, 1 << 20);
            Assert.That(log.Offset, Is.LessThanOrEqualTo(at));
            at = log.Offset;
            for (var i = random.Next(1, 3 + (3000 / piece)); i > 0 && at < text.Length; i--)
            {
                var length = (int)Math.Min(piece, text.Length - at);
                log.Append(Bytes(text.Substring((int)at, length)));
                at += length;
                if (random.Next(3) == 0)
                    log.Mark();
            }

            if (at >= text.Length)
                log.Complete();
            log.Dispose();
        }

        Assert.That(File.ReadAllText(LogPath), Is.EqualTo(File.ReadAllText(_folder["whole.log"])));
    }

    [TestCase("")]
    [TestCase("12")]
    [TestCase("x y\n")]
    [TestCase("5 99999\n")]
    [TestCase("-5 -5\n")]
    public void A_mark_that_cannot_be_right_begins_the_log_anew(string mark)
    {
        File.WriteAllText(LogPath, "what is here");
        File.WriteAllText(AttemptLog.MarkPath(LogPath), mark);

        using var log = AttemptLog.Open(LogPath, [], 1 << 20);

        Assert.That((log.Offset, log.Length), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public void Of_a_log_without_end_the_beginning_is_kept()
    {
        using var log = AttemptLog.Open(LogPath, [], 10);
        for (var i = 0; i < 100; i++)
            log.Append(Bytes("0123456"));

        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("0123456012\n[the log has more than 10 bytes: the rest is not kept]\n"));
        Assert.That(log.Offset, Is.EqualTo(700));
    }

    [Test]
    public void A_log_that_begins_anew_has_nothing_of_the_old_one()
    {
        using var log = AttemptLog.Open(LogPath, [], 1 << 20);
        log.Append(Bytes("secret of a private archive\n"));
        log.Mark();

        log.Restart();
        log.Append(Bytes("none\n"));
        log.Complete();

        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("none\n"));
    }

    [Test]
    public async Task A_stored_log_is_gzipped_once_and_the_running_one_gone()
    {
        var store = new LogStore(_folder.Path);
        var build = new NewBuild { JobType = "X", Title = "x" }.ToBuild(7, 1, default).Dispatched("bob", default);
        using (var log = AttemptLog.Open(store.RunningPath(build), [], 1 << 20))
        {
            log.Append(Bytes("text\n"));
            log.Complete();
        }

        var name = await store.StoreAsync(build, "buildlog.txt", CancellationToken.None);
        var again = await store.StoreAsync(build, "buildlog.txt", CancellationToken.None);

        Assert.That((name, again), Is.EqualTo(("buildlog.txt.gz", "buildlog.txt.gz")));
        Assert.That(
            Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories),
            Is.EqualTo(new[] { Path.Combine(_folder.Path, "X-7", "1", "buildlog.txt.gz") }));
        await using var stored = store.OpenStored(build with { LogName = name })!;
        Assert.That(new StreamReader(stored, Encoding.UTF8).ReadToEnd(), Is.EqualTo("text\n"));
        Assert.That(await store.StoreAsync(build with { Attempt = 2 }, "buildlog.txt", CancellationToken.None), Is.Null);
    }
}
