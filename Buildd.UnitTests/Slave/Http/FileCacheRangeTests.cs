using System.Text;
using Buildd.Slave.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>Parts of files: one, several, and those that do not exist.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FileCacheRangeTests : FileCacheEndpointFixture
{
    [TestCase("bytes=0-9", "0-9", "0123456789")]
    [TestCase("bytes=15-", "15-19", "FGHIJ")]
    [TestCase("bytes=-5", "15-19", "FGHIJ")]
    [TestCase("bytes=0-0", "0-0", "0")]
    [TestCase("bytes=19-19", "19-19", "J")]
    [TestCase("bytes=18-99", "18-19", "IJ")]
    [TestCase("bytes=0-", "0-19", Content)]
    [TestCase("bytes=-99", "0-19", Content)]
    [TestCase("bytes=18-9223372036854775807", "18-19", "IJ")]
    public async Task A_part_comes_where_one_is_asked_for(string range, string part, string content)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.Multiple(() =>
        {
            Assert.That(exchange.Response.StatusCode, Is.EqualTo(206));
            Assert.That(exchange.Response.Headers.ContentRange.ToString(), Is.EqualTo($"bytes {part}/20"));
            Assert.That(exchange.Response.ContentLength, Is.EqualTo(content.Length));
            Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(content));
        });
    }

    [TestCase("bytes=20-")]
    [TestCase("bytes=20-30")]
    [TestCase("bytes=9999999999-")]
    [TestCase("bytes=-0")]
    public async Task A_part_that_the_file_does_not_have_is_416(string range)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(416));
        Assert.That(exchange.Response.Headers.ContentRange.ToString(), Is.EqualTo("bytes */20"));
        Assert.That(exchange.Response.ContentLength, Is.Zero);
        Assert.That(exchange.Body, Is.Empty);
    }

    [TestCase("lines=0-9")]
    [TestCase("bytes=9-0")]
    [TestCase("bytes=")]
    [TestCase("bytes=a-b")]
    [TestCase("0-9")]
    [TestCase("bytes=0-99999999999999999999")]
    public async Task Other_units_and_nonsense_are_not_looked_at(string range)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(Content));
    }

    [Test]
    public async Task An_empty_file_is_served_and_has_no_parts()
    {
        var empty = _slave.Add("");

        var whole = await AskAsync("GET", empty);
        Assert.That((whole.Response.StatusCode, whole.Response.ContentLength), Is.EqualTo((200, 0L)));
        Assert.That((await AskAsync("GET", empty, "bytes=0-")).Response.StatusCode, Is.EqualTo(416));
        Assert.That((await AskAsync("GET", empty, "bytes=-5")).Response.StatusCode, Is.EqualTo(416));
    }

    [TestCase("bytes=0-1,5-6", "0-1=01 5-6=56")]
    [TestCase("bytes=0-1,-2", "0-1=01 18-19=IJ")]
    [TestCase("bytes=5-6,0-1", "5-6=56 0-1=01")]
    [TestCase("bytes=0-1,99-", "0-1=01")]
    [TestCase("bytes=0-9,10-19", "0-9=0123456789 10-19=ABCDEFGHIJ")]
    [TestCase("bytes=0-3,2-5", "0-3=0123 2-5=2345")]
    public async Task Several_parts_come_in_one_answer_with_a_head_each(string range, string parts)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(206));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
        Assert.That(exchange.Response.ContentType, Does.Match("^multipart/byteranges; boundary=\"[0-9a-f]{14}\"$"));
        var boundary = exchange.Response.ContentType!.Split('"')[1];
        var expected = string.Concat(parts.Split(' ').Select(part => part.Split('=')).Select(part =>
            $"\r\n--{boundary}\r\nContent-type: text/html\r\nContent-range: bytes {part[0]}/20\r\n\r\n{part[1]}"));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo($"{expected}\r\n--{boundary}--\r\n"));
    }

    [Test]
    public async Task Several_parts_none_of_which_exists_are_416()
    {
        var exchange = await AskAsync("GET", _sum, "bytes=20-,30-40");

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(416));
        Assert.That(exchange.Response.Headers.ContentRange.ToString(), Is.EqualTo("bytes */20"));
    }

    [TestCase(FilePart.MaxParts, 206)]
    [TestCase(FilePart.MaxParts + 1, 200)]
    public async Task More_parts_than_one_answer_holds_are_the_whole_file(int count, int status)
    {
        var exchange = await AskAsync("GET", _sum, "bytes=" + string.Join(',', Enumerable.Range(0, count).Select(i => $"{i}-{i}")));

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(status));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
    }

    [TestCase("bytes=0-,0-")]
    [TestCase("bytes=0-,0-0")]
    [TestCase("bytes=-9223372036854775807,0-9223372036854775806")]
    public async Task Parts_that_are_more_than_the_file_in_all_are_the_whole_file(string range)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(Content));
    }

    [Test]
    public async Task A_log_that_grows_is_followed_by_ranges()
    {
        _slave.Backend.RunUntilAborted(new Buildd.Slave.Builds.BuildOutcome(Buildd.Protocol.Messages.BuildStatus.Ok));
        var context = await _slave.StartAsync();
        var read = new StringBuilder();

        for (var i = 0; i < 3; i++)
        {
            var nothing = await AskAsync("GET", "buildlog", $"bytes={read.Length}-");
            Assert.That(nothing.Response.StatusCode, Is.EqualTo(416));
            Assert.That(nothing.Response.Headers.ContentRange.ToString(), Is.EqualTo($"bytes */{read.Length}"));
            context.Log.WriteLine($"line {i}");
            var more = await AskAsync("GET", "buildlog", $"bytes={read.Length}-");
            Assert.That(more.Response.StatusCode, Is.EqualTo(206));
            read.Append(Encoding.UTF8.GetString(more.Body));
        }

        Assert.That(read.ToString(), Is.EqualTo("line 0\nline 1\nline 2\n"));
    }
}
