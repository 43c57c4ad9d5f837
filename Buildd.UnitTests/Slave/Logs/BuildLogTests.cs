using System.Text;
using Buildd.Slave.Logs;
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
        _log.Dispose();

        _log.Write("after"u8);
        _log.WriteLine("after");

        Assert.That(Text, Is.EqualTo("before\n"));
        Assert.That(_log.ReadTail().Length, Is.Zero);
        Assert.That(_log.Failure, Is.Null);
    }

    [Test]
    public void A_new_log_replaces_the_old_and_leaves_its_readers_alone()
    {
        _log.WriteLine("the last build");
        using var reader = new StreamReader(File.Open(_folder["buildlog"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
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

    private BuildLog Open(DateTimeOffset now) => new(_folder["buildlog"], new FixedTime(now));
}
