using System.Net;
using Buildd.Protocol.Client;
using Buildd.UnitTests.Testing;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using static Buildd.UnitTests.Protocol.Client.SampleFile;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>Downloads over connections that break.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveFileResumeTests : IDisposable
{
    private readonly ScriptedHandler _server = new();
    private readonly ManualTimeProvider _time = new();
    private readonly HttpClient _http;
    private readonly SlaveClient _client;

    public SlaveFileResumeTests()
    {
        _http = new HttpClient(_server) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new SlaveClient(_http, new SlaveClientOptions { Url = new Uri("http://builder:8221/") }, _time);
    }

    public void Dispose() => _http.Dispose();

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
    public void However_often_it_breaks_the_file_is_whole() => Prop.ForAll(
        Gen.Choose(0, 100).ListOf().ToArbitrary(),
        cuts =>
        {
            using var server = new ScriptedHandler();
            using var http = new HttpClient(server);
            var client = new SlaveClient(
                http, new SlaveClientOptions { Url = new Uri("http://builder/"), DownloadAttempts = cuts.Count + 1 });
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
}
