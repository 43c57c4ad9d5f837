using System.Net;
using System.Net.Http.Headers;
using Buildd.Protocol.Client;
using Buildd.UnitTests.Testing;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>Downloads: whole, from an offset, and over connections that break.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveFileTests : IDisposable
{
    private static readonly byte[] Whole = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

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
    public async Task Broken_connection_is_replaced(
        [Values(FlakyStream.End.Break, FlakyStream.End.Close)] FlakyStream.End end, [Values] bool knowsRanges)
    {
        _server.Answer(Declared(new FlakyStream(Whole.AsMemory(0, 30), end)));
        if (knowsRanges)
            _server.Answer(From(30), HttpStatusCode.PartialContent);
        else
            _server.Answer(All());

        await using var file = await _client.OpenFileAsync("abc");

        Assert.That(await ReadAsync(file), Is.EqualTo(Whole));
        Assert.That(_server.Requests.Select(request => request.Range), Is.EqualTo([null, "bytes=30-"]));
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Stalled_connection_is_replaced(CancellationToken deadline)
    {
        var hanging = new TaskCompletionSource();
        var stalled = new FlakyStream(Whole.AsMemory(0, 30), FlakyStream.End.Hang) { OnHang = hanging.SetResult };
        _server.Answer(Declared(stalled)).Answer(From(30), HttpStatusCode.PartialContent);

        await using var file = await _client.OpenFileAsync("abc", cancellationToken: deadline);
        var reading = ReadAsync(file);
        await hanging.Task.WaitAsync(deadline);
        _time.Advance(TimeSpan.FromSeconds(40));

        Assert.That(await reading, Is.EqualTo(Whole));
        Assert.That(stalled.IsDisposed, Is.True);
    }

    [Test]
    public async Task Connections_are_replaced_so_often_and_no_more()
    {
        _server
            .Answer(Declared(new FlakyStream(Whole.AsMemory(0, 30), FlakyStream.End.Break)))
            .Fail(new HttpRequestException("Connection refused"))
            .Answer(From(30, FlakyStream.End.Break, 50), HttpStatusCode.PartialContent);

        await using var file = await _client.OpenFileAsync("abc");

        var thrown = await Assert.ThrowsAsync<SlaveConnectionException>(() => ReadAsync(file));
        Assert.That(thrown.Message, Does.StartWith("file abc at http://builder:8221/: the connection failed"));
        Assert.That(_server.Requests.Select(request => request.Range), Is.EqualTo([null, "bytes=30-", "bytes=30-"]));
    }

    [Test]
    public async Task First_connection_that_fails_is_not_replaced()
    {
        _server.Fail(new HttpRequestException("Connection refused")).Answer(All());

        await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.OpenFileAsync("abc"));
        await using var file = await _client.OpenFileAsync("abc");
        Assert.That(await ReadAsync(file), Is.EqualTo(Whole));
    }

    [Test]
    public async Task Busy_server_is_asked_again()
    {
        _server
            .Answer(Declared(new FlakyStream(Whole.AsMemory(0, 30))))
            .Answer([], HttpStatusCode.ServiceUnavailable)
            .Answer(From(30), HttpStatusCode.PartialContent);

        await using var file = await _client.OpenFileAsync("abc");

        Assert.That(await ReadAsync(file), Is.EqualTo(Whole));
    }

    [Test]
    public async Task File_that_changed_its_length_is_not_glued_together([Values] bool knowsRanges)
    {
        _server.Answer(Declared(new FlakyStream(Whole.AsMemory(0, 30))));
        if (knowsRanges)
            _server.Answer(From(30, length: 101), HttpStatusCode.PartialContent);
        else
            _server.Answer(Whole[..99]);

        await using var file = await _client.OpenFileAsync("abc");

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => ReadAsync(file));
        Assert.That(thrown.Message, Does.Contain("it had 100 bytes and now has "));
    }

    [Test]
    public async Task File_that_is_gone_is_told_in_the_middle()
    {
        _server.Answer(Declared(new FlakyStream(Whole.AsMemory(0, 30)))).Answer([], HttpStatusCode.NotFound);

        await using var file = await _client.OpenFileAsync("abc");

        await Assert.ThrowsAsync<SlaveFileNotFoundException>(() => ReadAsync(file));
    }

    [Test]
    public async Task Bytes_past_the_declared_length_are_left_out()
    {
        _server.Answer(Declared(new FlakyStream(new byte[200])));

        await using var file = await _client.OpenFileAsync("abc");

        Assert.That(await ReadAsync(file), Has.Length.EqualTo(100));
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Reading_goes_on_after_a_cancelled_read(CancellationToken deadline)
    {
        var hanging = new TaskCompletionSource();
        _server
            .Answer(Declared(new FlakyStream(default, FlakyStream.End.Hang) { OnHang = hanging.SetResult }))
            .Answer(All());
        using var caller = new CancellationTokenSource();
        await using var file = await _client.OpenFileAsync("abc", cancellationToken: deadline);

        var read = file.Content.ReadAsync(new byte[10], caller.Token).AsTask();
        await hanging.Task.WaitAsync(deadline);
        await caller.CancelAsync();

        await Assert.CatchAsync<OperationCanceledException>(() => read);
        Assert.That(await ReadAsync(file), Is.EqualTo(Whole));
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

    [Test]
    public void However_often_it_breaks_the_file_is_whole() => Prop.ForAll(
        Gen.Choose(0, 100).ListOf().ToArbitrary(),
        cuts =>
        {
            using var server = new ScriptedHandler();
            using var http = new HttpClient(server);
            var options = new SlaveClientOptions { Url = new Uri("http://builder/"), DownloadAttempts = cuts.Count + 1 };
            var client = new SlaveClient(http, options);
            var at = 0;
            foreach (var cut in cuts.Append(100))
            {
                var next = Math.Max(at, cut);
                if (at == 0)
                    server.Answer(Declared(new FlakyStream(Whole.AsMemory(0, next), FlakyStream.End.Break)));
                else
                    server.Answer(From(at, FlakyStream.End.Break, next), HttpStatusCode.PartialContent);
                at = next;
                if (at == 100)
                    break;
            }

            using var read = new MemoryStream();
            client.OpenFileAsync("abc").GetAwaiter().GetResult().Content.CopyToAsync(read).GetAwaiter().GetResult();
            Assert.That(read.ToArray(), Is.EqualTo(Whole));
        }).QuickCheckThrowOnFailure();

    private static ByteArrayContent All() => new(Whole);

    /// <summary>Says that it is the whole file, whatever comes.</summary>
    private static StreamContent Declared(Stream stream)
    {
        var content = new StreamContent(stream);
        content.Headers.ContentLength = Whole.Length;
        return content;
    }

    private static StreamContent From(
        int offset, FlakyStream.End end = FlakyStream.End.Close, int? stopAt = null, int length = 100)
    {
        var content = new StreamContent(new FlakyStream(Whole.AsMemory(offset..(stopAt ?? 100)), end));
        content.Headers.ContentRange = new ContentRangeHeaderValue(offset, length - 1, length);
        return content;
    }

    private static ByteArrayContent Unsatisfiable(int length)
    {
        var content = new ByteArrayContent([]);
        content.Headers.ContentRange = new ContentRangeHeaderValue(length);
        return content;
    }

    private static async Task<byte[]> ReadAsync(SlaveFile file)
    {
        using var result = new MemoryStream();
        await file.Content.CopyToAsync(result);
        return result.ToArray();
    }
}
