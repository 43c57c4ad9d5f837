using System.Net;
using System.Net.Http.Headers;
using Buildd.Protocol.Client;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Protocol.Client.SampleFile;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>Downloads: whole, from an offset, and refused.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveFileTests : IDisposable
{
    private readonly ScriptedHandler _server = new();
    private readonly ManualTimeProvider _time = new();
    private readonly HttpClient _http;
    private readonly SlaveClient _client;

    public SlaveFileTests()
    {
        _http = new HttpClient(_server) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new SlaveClient(_http, new SlaveClientOptions { Url = new Uri("http://builder:8221/") }, _time);
    }

    public void Dispose() => _http.Dispose();

    [Test]
    public async Task Whole_file_is_read()
    {
        _server.Answer(All());

        await using var file = await _client.OpenFileAsync("abc");

        Assert.That((file.TotalLength, file.Offset), Is.EqualTo((100, 0)));
        Assert.That(await ReadAsync(file), Is.EqualTo(Whole));
        Assert.That(_server.Requests.Single().Line, Is.EqualTo("GET http://builder:8221/filecache/abc"));
        Assert.That(_server.Requests.Single().Range, Is.Null);
    }

    [Test]
    public async Task Rest_of_a_file_is_read()
    {
        _server.Answer(From(60), HttpStatusCode.PartialContent);

        await using var file = await _client.OpenFileAsync("abc", 60);

        Assert.That((file.TotalLength, file.Offset), Is.EqualTo((100, 60)));
        Assert.That(await ReadAsync(file), Is.EqualTo(Whole[60..]));
        Assert.That(_server.Requests.Single().Range, Is.EqualTo("bytes=60-"));
    }

    [Test]
    public async Task Server_that_ignores_ranges_sends_too_much()
    {
        _server.Answer(All());

        await using var file = await _client.OpenFileAsync("abc", 60);

        Assert.That((file.TotalLength, file.Offset), Is.EqualTo((100, 60)));
        Assert.That(await ReadAsync(file), Is.EqualTo(Whole[60..]));
    }

    [Test]
    public async Task Empty_file_is_read()
    {
        _server.Answer([]);

        await using var file = await _client.OpenFileAsync("abc");

        Assert.That((file.TotalLength, await ReadAsync(file)), Is.EqualTo((0L, Array.Empty<byte>())));
    }

    [Test]
    public async Task Offset_at_the_end_gives_nothing([Values] bool knowsRanges)
    {
        if (knowsRanges)
            _server.Answer(Unsatisfiable(100), HttpStatusCode.RequestedRangeNotSatisfiable);
        else
            _server.Answer(All());

        await using var file = await _client.OpenFileAsync("buildlog", 100);

        Assert.That((file.TotalLength, file.Offset), Is.EqualTo((100, 100)));
        Assert.That(await ReadAsync(file), Is.Empty);
    }

    [Test]
    public async Task Offset_past_the_end_is_told([Values] bool knowsRanges)
    {
        if (knowsRanges)
            _server.Answer(Unsatisfiable(100), HttpStatusCode.RequestedRangeNotSatisfiable);
        else
            _server.Answer(All());

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.OpenFileAsync("buildlog", 101));
        Assert.That(
            thrown.Message,
            Is.EqualTo("file buildlog at http://builder:8221/: it has 100 bytes, fewer than the 101 to leave out."));
        Assert.That(thrown.StatusCode, Is.EqualTo(HttpStatusCode.RequestedRangeNotSatisfiable));
    }

    [TestCase("a b&<c>.html", "a%20b%26%3Cc%3E.html")]
    [TestCase("żółć", "%C5%BC%C3%B3%C5%82%C4%87")]
    [TestCase("100%25?x#y", "100%2525%3Fx%23y")]
    [TestCase("...", "...")]
    public async Task Name_is_escaped(string name, string escaped)
    {
        _server.Answer(All());

        await using var file = await _client.OpenFileAsync(name);

        Assert.That(_server.Requests.Single().Line, Is.EqualTo($"GET http://builder:8221/filecache/{escaped}"));
    }

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("../rpc")]
    [TestCase("a/b")]
    [TestCase("a\\b")]
    [TestCase("a\0b")]
    public async Task Name_that_is_a_path_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _client.OpenFileAsync(name));
        Assert.That(_server.Requests, Is.Empty);
    }

    [Test]
    public async Task Negative_offset_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _client.OpenFileAsync("abc", -1));

    [Test]
    public async Task Missing_file_is_told()
    {
        _server.Answer("File not found."u8.ToArray(), HttpStatusCode.NotFound);

        var thrown = await Assert.ThrowsAsync<SlaveFileNotFoundException>(() => _client.OpenFileAsync("abc"));
        Assert.That((thrown.Name, thrown.IsTransient), Is.EqualTo(("abc", false)));
    }

    [TestCase(HttpStatusCode.Forbidden, false)]
    [TestCase(HttpStatusCode.InternalServerError, false)]
    [TestCase(HttpStatusCode.ServiceUnavailable, true)]
    public async Task Other_status_is_told(HttpStatusCode status, bool isTransient)
    {
        _server.Answer([], status);

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.OpenFileAsync("abc"));
        Assert.That((thrown.StatusCode, thrown.IsTransient), Is.EqualTo(((HttpStatusCode?)status, isTransient)));
    }

    [Test]
    public async Task File_of_unknown_length_is_refused()
    {
        _server.Answer(new StreamContent(new FlakyStream(Whole)));

        await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.OpenFileAsync("abc"));
    }

    [TestCase(50, 99, 100L)]
    [TestCase(60, 98, 100L)]
    [TestCase(60, 99, null)]
    public async Task Other_range_than_asked_for_is_refused(int from, int to, long? length)
    {
        var content = new ByteArrayContent(Whole[from..(to + 1)]);
        content.Headers.ContentRange = length is null
            ? new ContentRangeHeaderValue(from, to)
            : new ContentRangeHeaderValue(from, to, length.Value);
        _server.Answer(content, HttpStatusCode.PartialContent);

        await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.OpenFileAsync("abc", 60));
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Headers_that_do_not_come_are_given_up(CancellationToken deadline)
    {
        _server.Hang();
        var open = _client.OpenFileAsync("abc", cancellationToken: deadline);
        await _server.Waiting.WaitAsync(deadline);

        _time.Advance(TimeSpan.FromSeconds(40));

        await Assert.ThrowsAsync<SlaveConnectionException>(() => open);
    }

    [Test]
    public async Task Disposing_closes_the_connection()
    {
        var stream = new FlakyStream(Whole);
        _server.Answer(Declared(stream));

        var file = await _client.OpenFileAsync("abc");
        await file.DisposeAsync();

        Assert.That(stream.IsDisposed, Is.True);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(file));
    }

    [Test]
    public async Task Content_is_a_stream_for_asynchronous_reading_only()
    {
        _server.Answer(All());
        await using var file = await _client.OpenFileAsync("abc");
        var content = file.Content;

        Assert.That((content.CanRead, content.CanSeek, content.CanWrite), Is.EqualTo((true, false, false)));
        Assert.Throws<NotSupportedException>(() => content.ReadExactly(new byte[1]));
        Assert.That(await content.ReadAsync(Memory<byte>.Empty), Is.Zero);
    }
}
