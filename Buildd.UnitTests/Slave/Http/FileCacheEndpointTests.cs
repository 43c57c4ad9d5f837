using System.Text;
using Buildd.Slave.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FileCacheEndpointTests : IAsyncDisposable
{
    private const string Content = "0123456789ABCDEFGHIJ";

    private readonly SlaveBench _slave = new();
    private readonly string _sum;

    public FileCacheEndpointTests() => _sum = _slave.Add(Content);

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task A_file_comes_whole()
    {
        File.SetLastWriteTimeUtc(_slave.InCache(_sum), new DateTime(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        var exchange = await AskAsync("GET", _sum);

        Assert.Multiple(() =>
        {
            Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
            Assert.That(exchange.Response.ContentType, Is.EqualTo("text/html"));
            Assert.That(exchange.Response.ContentLength, Is.EqualTo(20));
            Assert.That(exchange.Response.Headers.AcceptRanges.ToString(), Is.EqualTo("bytes"));
            Assert.That(exchange.Response.Headers.LastModified.ToString(), Is.EqualTo("Sat, 03 Feb 2024 04:05:06 GMT"));
            Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(Content));
        });
    }

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

    [TestCase("bytes=0-1,5-6")]
    [TestCase("lines=0-9")]
    [TestCase("bytes=9-0")]
    [TestCase("bytes=")]
    [TestCase("bytes=a-b")]
    [TestCase("0-9")]
    [TestCase("bytes=0-99999999999999999999")]
    public async Task Several_parts_other_units_and_nonsense_are_not_looked_at(string range)
    {
        var exchange = await AskAsync("GET", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(Content));
    }

    [TestCase(null)]
    [TestCase("bytes=0-9")]
    [TestCase("bytes=99-")]
    public async Task HEAD_tells_the_whole_length_and_sends_nothing(string? range)
    {
        var exchange = await AskAsync("HEAD", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(20));
        Assert.That(exchange.Body, Is.Empty);
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

    [Test]
    public async Task The_log_is_served_while_it_grows()
    {
        _slave.Backend.RunUntilAborted(new Buildd.Slave.Builds.BuildOutcome(Buildd.Protocol.Messages.BuildStatus.Ok));
        Assert.That((await AskAsync("GET", "buildlog")).Response.StatusCode, Is.EqualTo(404));
        var context = await _slave.StartAsync();

        context.Log.WriteLine("first");
        Assert.That((await AskAsync("GET", "buildlog")).Body, Is.EqualTo("first\n"u8.ToArray()));
        context.Log.WriteLine("second");
        Assert.That((await AskAsync("GET", "buildlog", "bytes=6-")).Body, Is.EqualTo("second\n"u8.ToArray()));
    }

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("secret")]
    [TestCase("../outside")]
    [TestCase("buildlog.unsanitized")]
    [TestCase("Buildlog")]
    [TestCase("buildlog/")]
    [TestCase("0123456789012345678901234567890123456789.tmp")]
    [TestCase("0123456789012345678901234567890123456789")]
    [TestCase("0123456789012345678901234567890123456789\0")]
    public async Task Whatever_else_lies_there_is_404(string name)
    {
        await File.WriteAllTextAsync(_slave.InCache("secret"), "");
        await File.WriteAllTextAsync(_slave.InCache("buildlog"), "");
        await File.WriteAllTextAsync(_slave.InCache("buildlog.unsanitized"), "");
        await File.WriteAllTextAsync(_slave.InCache("0123456789012345678901234567890123456789.tmp"), "");
        await File.WriteAllTextAsync(_slave.InCache("../outside"), "");

        var exchange = await AskAsync("GET", name);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(404));
        Assert.That(exchange.Body, Is.Empty);
    }

    [Test]
    public async Task A_link_in_the_folder_is_not_followed()
    {
        var sum = SlaveBench.Sha1Of("another");
        File.CreateSymbolicLink(_slave.InCache(sum), _slave.InCache(_sum));

        Assert.That((await AskAsync("GET", sum)).Response.StatusCode, Is.EqualTo(404));
    }

    private async Task<HttpExchange> AskAsync(string method, string name, string? range = null)
    {
        var exchange = new HttpExchange(method);
        exchange.Context.Request.RouteValues["name"] = name;
        if (range is not null)
            exchange.Context.Request.Headers.Range = range;
        await new FileCacheEndpoint(_slave.Options, _slave.Cache).HandleAsync(exchange.Context);
        return exchange;
    }
}
