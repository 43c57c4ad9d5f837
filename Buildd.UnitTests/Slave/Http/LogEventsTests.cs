using System.Buffers;
using System.Text;
using Buildd.Slave.Http;
using Buildd.Testing.Runs;
using FsCheck.Fluent;
using NUnit.Framework;
using static Buildd.UnitTests.Testing.Properties;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LogEventsTests
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly LogEvents _events;

    public LogEventsTests() => _events = new LogEvents(_output);

    private string Text => Encoding.UTF8.GetString(_output.WrittenSpan);

    [TestCase("half", "data: half\n")]
    [TestCase("a line\n", "data: a line\ndata: \n")]
    [TestCase("two\nlines", "data: two\ndata: lines\n")]
    [TestCase("10%\r20%\r\n", "data: 10%\ndata: 20%\ndata: \n")]
    [TestCase("\n\n", "data: \ndata: \ndata: \n")]
    [TestCase("data: id: 7", "data: data: id: 7\n")]
    [TestCase(": no comment", "data: : no comment\n")]
    [TestCase("\u00fc\ud83d\ude42\0", "data: \u00fc\ud83d\ude42\0\n")]
    public void A_text_is_lines_of_data(string text, string data)
    {
        _events.WriteText(Encoding.UTF8.GetBytes(text), 1234567890123);

        Assert.That(Text, Is.EqualTo($"id: 1234567890123\n{data}\n"));
    }

    [Test]
    public void What_is_not_UTF8_is_replaced()
    {
        _events.WriteText([(byte)'a', 0xFF, (byte)'b', 0xC3], 4);

        Assert.That(Text, Is.EqualTo("id: 4\ndata: a\ufffdb\ufffd\n\n"));
    }

    [Test]
    public void A_line_end_of_two_bytes_may_be_in_two_events()
    {
        _events.WriteText("a\r"u8, 2);
        _events.WriteText("\nb\n"u8, 5);
        _events.WriteText("\nc"u8, 7);

        Assert.That(Text, Is.EqualTo("id: 2\ndata: a\ndata: \n\nid: 5\ndata: b\ndata: \n\nid: 7\ndata: \ndata: c\n\n"));
    }

    [Test]
    public void Gap_end_and_heartbeat_are_told()
    {
        _events.WriteGap(5);
        _events.WriteHeartbeat();
        _events.WriteEnd(9);

        Assert.That(Text, Is.EqualTo("event: gap\ndata: 5\n\n: still there\n\nid: 9\nevent: end\ndata: 9\n\n"));
    }

    [TestCase(new byte[0], 0)]
    [TestCase(new byte[] { 0x41 }, 1)]
    [TestCase(new byte[] { 0x41, 0xC3 }, 1)]
    [TestCase(new byte[] { 0xC3, 0xBC }, 2)]
    [TestCase(new byte[] { 0xE2, 0x82 }, 0)]
    [TestCase(new byte[] { 0xF0, 0x9F, 0x99 }, 0)]
    [TestCase(new byte[] { 0xF0, 0x9F, 0x99, 0x82 }, 4)]
    [TestCase(new byte[] { 0x41, 0xF0, 0x9F }, 1)]
    [TestCase(new byte[] { 0x80, 0x80, 0x80 }, 3)]
    [TestCase(new byte[] { 0xFF }, 1)]
    [TestCase(new byte[] { 0xE2, 0x41 }, 2)]
    [TestCase(new byte[] { 0xE2, 0xFF }, 2)]
    public void A_character_is_not_cut_in_two(byte[] bytes, int whole) => Assert.That(LogEvents.WholeCharacters(bytes), Is.EqualTo(whole));

    [Test]
    [Category(LongRun.Category)]
    public void Any_text_cut_anywhere_arrives_whole()
    {
        string[] snippets = ["a", "\u00fc", "\u20ac", "\ud83d\ude42", "\r", "\n", "\r\n", "data: ", ":", " "];
        ForAll(
            from text in Gen.Elements(snippets).ListOf().Select(string.Concat)
            from size in Gen.Choose(1, 6)
            select (text, size),
            row =>
            {
                var output = new ArrayBufferWriter<byte>();
                var events = new LogEvents(output);
                var bytes = Encoding.UTF8.GetBytes(row.text);
                for (var (at, size) = (0, 0); at < bytes.Length;)
                {
                    size = Math.Min(bytes.Length - at, size + row.size);
                    var whole = at + size == bytes.Length ? size : LogEvents.WholeCharacters(bytes.AsSpan(at, size));
                    if (whole == 0)
                        continue;
                    events.WriteText(bytes.AsSpan(at, whole), at + whole);
                    (at, size) = (at + whole, 0);
                }

                var heard = ServerSentEvents.Parse(Encoding.UTF8.GetString(output.WrittenSpan));
                Assert.That(string.Concat(heard.Select(item => item.Data)), Is.EqualTo(row.text.ReplaceLineEndings("\n")));
                Assert.That(heard is [.., var last] ? last.Id : 0, Is.EqualTo(bytes.Length));
            },
            sample: 500);
    }
}
