using System.Text;
using System.Text.RegularExpressions;
using Buildd.Slave.Logs;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Logs;

/// <summary>Logs that are longer than what is kept.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LogFileTests : IDisposable
{
    private const int MaxBytes = BuildLogOptions.LeastMaxBytes;

    private readonly TemporaryDirectory _folder = new();
    private readonly TemporaryDirectory _tail = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tail.Dispose();
    }

    private string Text => File.ReadAllText(_folder["buildlog"]);

    [TestCase(3_000, 7)]
    [TestCase(1_000, 10_000)]
    [TestCase(5_000, 97)]
    [TestCase(30_000, 30_000)]
    [TestCase(3_000, 100_000)]
    public void Of_a_long_log_the_beginning_and_the_end_are_kept(int lines, int pieceBytes)
    {
        var all = Lines(0, lines);
        using (var file = Create())
        {
            foreach (var (i, piece) in all.Chunk(pieceBytes).Index())
            {
                file.Append(Encoding.ASCII.GetBytes(piece));
                if (i % 100 == 0)
                    Assert.That(OnDisk(), Is.LessThanOrEqualTo(MaxBytes));
            }

            file.Close();
        }

        if (all.Length < MaxBytes / 2 - 512)
        {
            Assert.That(Text, Is.EqualTo(all));
            return;
        }

        var parts = Text.Split('[', ']');
        Assert.That(parts, Has.Length.EqualTo(5), "three parts with two remarks in between");
        var (head, tail) = (parts[0][..^1], parts[4][1..]);
        Assert.That(all, Does.StartWith(head).And.EndWith(tail));
        Assert.That(head, Has.Length.EqualTo(MaxBytes / 2 - 512));
        Assert.That(tail, Has.Length.GreaterThan(MaxBytes / 4 - 4096));
        Assert.That(tail, Does.Match("^line [0-9]+ "), "it begins with a whole line");
        Assert.That(parts[1], Is.EqualTo($"the log has {head.Length} bytes: of what follows only the end is kept"));
        Assert.That(parts[3], Is.EqualTo($"{all.Length - head.Length - tail.Length} bytes of the log are missing here"));
        Assert.That(Text, Has.Length.LessThanOrEqualTo(MaxBytes));
        Assert.That(Directory.GetFiles(_tail.Path), Is.Empty);
    }

    [Test]
    public void A_log_that_is_a_little_too_long_misses_nothing()
    {
        var all = Lines(0, 1_200);
        using var file = Create();
        file.Append(Encoding.ASCII.GetBytes(all));
        file.Close();

        Assert.That(Text, Does.Contain("[0 bytes of the log are missing here]\n"));
        Assert.That(Regex.Replace(Text, @"\n?\[.*\]\n", ""), Is.EqualTo(all));
    }

    [Test]
    public void Without_a_limit_all_is_kept()
    {
        var all = Lines(0, 20_000);
        using var file = LogFile.Create(_folder["buildlog"], _tail.Path, new BuildLogOptions { MaxBytes = 0 });
        file.Append(Encoding.ASCII.GetBytes(all));
        file.Close();

        Assert.That(Text, Is.EqualTo(all));
    }

    [Test]
    public void Whoever_reads_along_sees_all_of_a_long_log()
    {
        using var file = Create();
        var (seen, offset) = (new StringBuilder(), 0L);
        for (var i = 0; i < 500; i++)
        {
            file.Append(Encoding.ASCII.GetBytes(Lines(i * 10, 10)));
            Drain(file, ref offset, seen);
        }

        Assert.That(offset, Is.EqualTo(file.Length));
        var parts = seen.ToString().Split("\n[", 2);
        Assert.That(parts[0] + parts[1].Split("]\n", 2)[1], Is.EqualTo(Lines(0, 5_000)), "with one remark in it");
    }

    [Test]
    public void Who_comes_too_late_is_moved_on_to_what_is_kept()
    {
        using var file = Create();
        file.Append(Encoding.ASCII.GetBytes(Lines(0, 10_000)));
        var offset = MaxBytes / 2L;

        var buffer = new byte[100];
        var count = file.Read(ref offset, buffer);

        Assert.That(count, Is.EqualTo(100));
        Assert.That(offset, Is.GreaterThan(file.Length - MaxBytes / 2).And.LessThan(file.Length));
    }

    [Test]
    public void Offsets_stay_the_same_when_the_log_is_closed()
    {
        using var file = Create();
        file.Append(Encoding.ASCII.GetBytes(Lines(0, 10_000)));
        var (offset, before, after) = (file.Length - 5_000, new StringBuilder(), new StringBuilder());
        Drain(file, ref offset, before);
        file.Close();
        offset = file.Length - 5_000;
        Drain(file, ref offset, after);

        Assert.That(before.Length, Is.EqualTo(5_000));
        Assert.That(after.ToString(), Is.EqualTo(before.ToString()));
    }

    [TestCase(10)]
    [TestCase(900)]
    [TestCase(1_100)]
    [TestCase(1_700)]
    [TestCase(10_000)]
    public void After_a_crash_it_goes_on_with_all_that_was_there(int lines)
    {
        long length;
        string disk;
        using (var killed = Create())
        {
            killed.Append(Encoding.ASCII.GetBytes(Lines(0, lines)));
            length = killed.Length;
            disk = Text;
        }

        using var file = LogFile.GoOn(_folder["buildlog"], _tail.Path, new BuildLogOptions { MaxBytes = MaxBytes });
        Assert.That(file.Length, Is.EqualTo(length));
        file.Append(Encoding.ASCII.GetBytes(Lines(lines, 5)));
        file.Close();

        Assert.That(Text, Does.StartWith(disk).And.EndWith(Lines(lines - 5, 10)));
        Assert.That(Text, Has.Length.LessThanOrEqualTo(MaxBytes));
        Assert.That(Directory.GetFiles(_tail.Path), Is.Empty);
    }

    [Test]
    public void A_crash_while_closing_repeats_nothing()
    {
        using (var killed = Create())
            killed.Append(Encoding.ASCII.GetBytes(Lines(0, 10_000)));
        File.AppendAllText(_folder["buildlog"], "[99 bytes of the log are missing here]\nhalf of the end");

        using var file = LogFile.GoOn(_folder["buildlog"], _tail.Path, new BuildLogOptions { MaxBytes = MaxBytes });
        file.Close();

        Assert.That(Text, Does.Not.Contain("half of the end").And.EndWith(Lines(9_990, 10)));
    }

    [Test]
    public void A_log_that_was_closed_takes_some_lines_more()
    {
        using (var closed = Create())
        {
            closed.Append(Encoding.ASCII.GetBytes(Lines(0, 10_000)));
            closed.Close();
        }

        var before = Text;
        using var file = LogFile.GoOn(_folder["buildlog"], _tail.Path, new BuildLogOptions { MaxBytes = MaxBytes });
        file.Append("one more\n"u8);
        file.Close();

        Assert.That(Text, Is.EqualTo(before + "one more\n"));
    }

    [Test]
    public void What_another_log_left_is_not_taken_for_this_one()
    {
        File.WriteAllText(_tail["buildlog-tail-99999-200000"], "of another log");
        File.WriteAllText(_tail["buildlog-tail-x-y"], "of somebody else");
        File.WriteAllText(_folder["buildlog"], "short\n");

        using (var file = LogFile.GoOn(_folder["buildlog"], _tail.Path, new BuildLogOptions()))
        {
            file.Append("more\n"u8);
            file.Close();
        }

        Assert.That(Text, Is.EqualTo("short\nmore\n"));
        File.WriteAllText(_tail["buildlog-tail-3-200000"], "of another log");
        using var next = Create();
        Assert.That(Directory.GetFiles(_tail.Path).Select(Path.GetFileName), Is.EqualTo(new[] { "buildlog-tail-x-y" }));
        Assert.That(next.Length, Is.Zero);
    }

    [Test]
    public async Task Readers_beside_the_writer_see_each_byte_where_it_belongs()
    {
        using var file = Create();
        var all = Lines(0, 100_000);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            var (offset, buffer, wrong, reads) = (0L, new byte[5_000], 0, 0);
            while (!done.IsCancellationRequested || offset < file.Length)
            {
                var count = file.Read(ref offset, buffer);
                // The remark shifts what follows it; each line tells where it belongs.
                foreach (var line in Encoding.ASCII.GetString(buffer, 0, count).Split('\n').Skip(1).SkipLast(1))
                {
                    var isRight = line is ['l', 'i', 'n', 'e', ' ', ..] && int.TryParse(line[5..].Split(' ')[0], out var number)
                        ? all.AsSpan(number * 29, 28).SequenceEqual(line)
                        : line.StartsWith('[');
                    wrong += isRight ? 0 : 1;
                }

                (offset, reads) = (offset + count, reads + 1);
            }

            return (wrong, reads);
        })).ToArray();

        foreach (var piece in all.Chunk(2_000))
            file.Append(Encoding.ASCII.GetBytes(piece));
        await done.CancelAsync();

        foreach (var (wrong, reads) in await Task.WhenAll(readers))
        {
            Assert.That(wrong, Is.LessThanOrEqualTo(2), "the line that the remark stands in");
            Assert.That(reads, Is.GreaterThan(1));
        }
    }

    [Test]
    public void A_limit_that_keeps_next_to_nothing_is_a_mistake()
    {
        Assert.That(new BuildLogOptions { MaxBytes = BuildLogOptions.LeastMaxBytes - 1 }.FindMistakes(), Has.One.Contains("65535"));
        Assert.That(new BuildLogOptions { MaxBytes = -1 }.FindMistakes(), Has.Exactly(1).Items);
        Assert.That(new BuildLogOptions { MaxBytes = 0 }.FindMistakes(), Is.Empty);
        Assert.That(new BuildLogOptions().FindMistakes(), Is.Empty);
    }

    private LogFile Create() => LogFile.Create(_folder["buildlog"], _tail.Path, new BuildLogOptions { MaxBytes = MaxBytes });

    private long OnDisk() => Directory.GetFiles(_folder.Path).Concat(Directory.GetFiles(_tail.Path)).Sum(path => new FileInfo(path).Length);

    /// <summary>Lines of 29 bytes that tell their number.</summary>
    private static string Lines(int first, int count) =>
        string.Concat(Enumerable.Range(first, count).Select(i => $"line {i:000000} of one long log.\n"));

    private static void Drain(LogFile file, ref long offset, StringBuilder seen)
    {
        var buffer = new byte[1_000];
        for (int count; (count = file.Read(ref offset, buffer)) > 0; offset += count)
            seen.Append(Encoding.ASCII.GetString(buffer, 0, count));
    }
}
