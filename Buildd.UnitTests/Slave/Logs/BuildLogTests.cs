using System.Text;
using System.Text.RegularExpressions;
using Buildd.Slave.Logs;
using Buildd.Testing.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Logs;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BuildLogTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly BuildLog _log;

    public BuildLogTests() => _log = Open(new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)));

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    private string Text => File.ReadAllText(_folder["buildlog"]);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2047)]
    [TestCase(2048)]
    [TestCase(2049)]
    [TestCase(10_000)]
    public void The_tail_is_the_last_2048_bytes_or_all_there_is(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        _log.Write(bytes.AsSpan(0, length / 3));
        _log.Write(bytes.AsSpan(length / 3));

        Assert.That(_log.ReadTail().ToArray(), Is.EqualTo(bytes[^Math.Min(2048, length)..]));
        Assert.That(_log.Length, Is.EqualTo(length));
    }

    [Test]
    public void The_tail_is_cut_wherever_that_falls()
    {
        _log.Write(Encoding.UTF8.GetBytes("ü" + new string('x', 2047)));

        Assert.That(_log.ReadTail().Span[0], Is.EqualTo(0xBC), "the second byte of the letter");
    }

    [Test]
    public void A_step_has_a_line_with_the_local_time_and_one_with_the_command()
    {
        _log.WriteStep("tar -xf 'a b'");

        Assert.That(Text, Is.EqualTo("[Sat Feb  3 04:05:06 2024]\nRUN: tar -xf 'a b'\n"));
    }

    [Test]
    public void A_day_of_two_digits_needs_no_blank()
    {
        using var log = Open(new DateTimeOffset(2023, 12, 31, 23, 59, 59, TimeSpan.Zero));
        log.WriteStep("true");

        Assert.That(Text, Is.EqualTo("[Sun Dec 31 23:59:59 2023]\nRUN: true\n"));
    }

    [TestCase("", "said\n")]
    [TestCase("half a line", "half a line\nsaid\n")]
    [TestCase("a line\n", "a line\nsaid\n")]
    public void A_line_of_our_own_starts_on_a_line_of_its_own(string before, string after)
    {
        _log.Write(Encoding.UTF8.GetBytes(before));
        _log.WriteLine("said");

        Assert.That(Text, Is.EqualTo(after));
    }

    [Test]
    public void What_was_written_can_be_read_at_once()
    {
        _log.Write("now"u8);

        Assert.That(Text, Is.EqualTo("now"));
    }

    [Test]
    public void What_is_written_after_the_end_is_dropped()
    {
        _log.WriteLine("before");
        _log.Close();

        _log.Write("after"u8);
        _log.WriteLine("after");

        Assert.That(Text, Is.EqualTo("before\n"));
        Assert.That(Encoding.UTF8.GetString(_log.ReadTail().Span), Is.EqualTo("before\n"));
        Assert.That(_log.Failure, Is.Null);
        _log.Dispose();
        _log.Dispose();
        Assert.That(_log.ReadTail().Length, Is.Zero);
    }

    [Test]
    public void Secrets_reach_the_disk_by_no_way_in()
    {
        using var log = Open(TimeProvider.System, secrets: "s3cret");

        log.Write("one s3c"u8);
        Assert.That(Text, Is.EqualTo("one "), "what may be one is held back");
        log.Write("ret and http://u:p@"u8);
        log.Write("host/ "u8);
        log.WriteLine("our s3cret");
        log.WriteStep("fetch https://user:s3cret@host/x s3cret");
        log.Write("last s3cre"u8);
        log.Close();

        Assert.That(
            Regex.Replace(Text, @"^\[.*\]", "[]", RegexOptions.Multiline),
            Is.EqualTo("one *** and http://host/ \nour ***\n[]\nRUN: fetch https://host/x ***\nlast s3cre"));
        Assert.That(log.Length, Is.EqualTo(Text.Length));
    }

    [Test]
    public void A_large_piece_is_sanitised_whole()
    {
        using var log = Open(TimeProvider.System, secrets: "s3cret");
        var half = new string('x', 64 * 1024 - 3);

        log.Write(Encoding.UTF8.GetBytes($"{half}s3cret{half}"));

        Assert.That(Text, Is.EqualTo($"{half}***{half}"));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Reading_does_not_wait_for_a_writer_that_hangs()
    {
        var time = new HangingTime();
        using var log = Open(time);
        log.WriteLine("before");
        var writer = Task.Run(() => log.WriteStep("hangs"));
        await time.Asked.WaitAsync(TestContext.CurrentContext.CancellationToken);

        Assert.That(Encoding.UTF8.GetString(log.ReadTail().Span), Is.EqualTo("before\n"));
        Assert.That(log.Length, Is.EqualTo(7));
        Assert.That(writer.IsCompleted, Is.False);

        time.LetGo();
        await writer;
        Assert.That(Text, Does.EndWith("RUN: hangs\n"));
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Who_waits_is_told_of_a_change_and_of_the_end()
    {
        var first = _log.NextChangeAsync();
        var second = _log.NextChangeAsync();
        Assert.That(first.IsCompleted, Is.False);

        _log.Write("x"u8);
        await Task.WhenAll(first, second).WaitAsync(TestContext.CurrentContext.CancellationToken);

        var end = _log.NextChangeAsync();
        Assert.That(end.IsCompleted, Is.False);
        _log.Close();
        await end.WaitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(_log.IsClosed);
    }

    [Test]
    public void A_reader_reads_on_after_the_log_is_gone()
    {
        _log.WriteLine("all of it");
        var reader = _log.Follow()!;
        _log.Dispose();
        File.Delete(_folder["buildlog"]);

        var buffer = new byte[100];
        Assert.That(reader.Read(buffer), Is.EqualTo(10));
        Assert.That(_log.Follow(), Is.Null);
        reader.Dispose();
        reader.Dispose();
        Assert.That(reader.Read(buffer), Is.Zero);
    }

    [Test]
    public void What_lies_in_two_files_is_read_at_once()
    {
        using var log = Open(TimeProvider.System, BuildLogOptions.LeastMaxBytes);
        log.Write(new byte[50_000]);
        log.Write(Encoding.UTF8.GetBytes(new string('y', 30_000)));
        Assert.That(Directory.GetFiles(_folder.Path, "buildlog-tail-*"), Has.Length.EqualTo(2), "what is read lies in these");
        using var reader = log.Follow()!;
        reader.Offset = log.Length - 20_000;

        var buffer = new byte[20_000];
        Assert.That(reader.Read(buffer), Is.EqualTo(buffer.Length));
        Assert.That(buffer, Is.All.EqualTo((byte)'y'));
        Assert.That(reader.Missed, Is.Zero);
    }

    [Test]
    public async Task A_full_disk_ends_the_log_and_says_so_once_there_is_room()
    {
        await using var disk = await SmallFileSystem.MountAsync(256 * 1024);
        using var log = new BuildLog(LogFile.Create(disk["buildlog"], disk.Path, new BuildLogOptions()), [], TimeProvider.System);
        await File.WriteAllBytesAsync(disk["ballast"], new byte[100 * 1024]);

        log.WriteLine("fits");
        log.Write(new byte[300 * 1024]);
        log.WriteLine("dropped");

        Assert.That(log.Failure, Is.Not.Null);
        var length = log.Length;
        Assert.That(new FileInfo(disk["buildlog"]).Length, Is.EqualTo(length), "nothing of the piece that did not fit");
        File.Delete(disk["ballast"]);
        log.Close();
        var text = await File.ReadAllTextAsync(disk["buildlog"]);
        Assert.That(text, Does.StartWith("fits\n").And.Contain("it could not be written further: ").And.Not.Contain("dropped"));
        Assert.That(log.Failure.Message, Does.Contain("space"));
    }

    [Test]
    public void A_new_log_replaces_the_old_and_leaves_its_readers_alone()
    {
        _log.WriteLine("the last build");
        using var reader =
            new StreamReader(File.Open(_folder["buildlog"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        _log.Dispose();

        using var log = Open(DateTimeOffset.UnixEpoch);
        log.WriteLine("this build");

        Assert.That(Text, Is.EqualTo("this build\n"));
        Assert.That(reader.ReadToEnd(), Is.EqualTo("the last build\n"));
    }

    [Test]
    public void Pieces_of_several_writers_do_not_mix()
    {
        Parallel.For(0, 200, i => _log.WriteLine(new string((char)('a' + (i % 26)), 100)));

        var lines = Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(200).And.All.Length.EqualTo(100));
        Assert.That(lines.Select(line => line.Distinct().Count()), Is.All.EqualTo(1));
    }

    private BuildLog Open(DateTimeOffset now) => Open(new FixedTime(now));

    private BuildLog Open(TimeProvider time, long maxBytes = 0, params string[] secrets) => new(
        LogFile.Create(_folder["buildlog"], _folder.Path, new BuildLogOptions { MaxBytes = maxBytes }),
        secrets.Select(secret => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(secret)),
        time);

    /// <summary>A clock that does not answer: who asks it hangs, with all that he holds.</summary>
    private sealed class HangingTime : TimeProvider
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new();

        internal Task Asked => _asked.Task;

        internal void LetGo() => _gate.SetResult();

        public override DateTimeOffset GetUtcNow()
        {
            _asked.TrySetResult();
            _gate.Task.GetAwaiter().GetResult();
            return DateTimeOffset.UnixEpoch;
        }
    }
}
