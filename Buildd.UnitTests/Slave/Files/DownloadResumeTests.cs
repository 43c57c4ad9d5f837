using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>Downloads that break and go on, and servers that fall silent.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DownloadResumeTests : DownloadFixture
{
    [TestCase("\"1\"", null)]
    [TestCase(null, "2026-01-02")]
    [TestCase("\"1\"", "2026-01-02")]
    public async Task A_broken_download_goes_on_where_it_was(string? tag, string? date)
    {
        AnswerWith(request => Mark(request.Headers.Range is null ? BrokenAfter(9) : Part(9), tag, date));

        Assert.That(await AskAsync(), Is.EqualTo(Fetched));

        Assert.That(await File.ReadAllTextAsync(_slave.InCache(Sum)), Is.EqualTo(Content));
        var second = _slave.Web.Requests[1].Headers;
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(2));
        Assert.That(second.Range!.ToString(), Is.EqualTo("bytes=9-"));
        Assert.That(second.IfRange!.ToString(), Is.EqualTo(tag ?? "Fri, 02 Jan 2026 00:00:00 GMT"));
        Assert.That(second.Authorization, Is.Not.Null);
    }

    [Test]
    public async Task A_download_that_breaks_twice_goes_on_twice()
    {
        AnswerWith(request => Mark(
            _slave.Web.Requests.Count switch
            {
                1 => BrokenAfter(4),
                2 => Part(4, broken: 5),
                _ => Part((int)request.Headers.Range!.Ranges.Single().From!),
            },
            "\"1\""));

        var asking = AskAsync();
        await PassAsync(asking, Download.RetryDelay);

        Assert.That(await asking, Is.EqualTo(Fetched));
        Assert.That(_slave.Web.Requests.Select(r => r.Headers.Range?.ToString()), Is.EqualTo(new[] { null, "bytes=4-", "bytes=9-" }));
    }

    [Test]
    public async Task A_server_that_sends_all_of_it_again_is_taken_from_the_start()
    {
        AnswerWith(_ => Mark(_slave.Web.Requests.Count == 1 ? BrokenAfter(9) : Whole(), "\"1\""));

        Assert.That(await AskAsync(), Is.EqualTo(Fetched));
        Assert.That(await File.ReadAllTextAsync(_slave.InCache(Sum)), Is.EqualTo(Content));
    }

    [TestCase("another tag")]
    [TestCase("no tag")]
    [TestCase("another place")]
    [TestCase("another length")]
    [TestCase("no range")]
    [TestCase("416")]
    public async Task A_part_that_does_not_fit_is_not_taken_and_it_begins_anew(string how)
    {
        AnswerWith(request =>
        {
            if (request.Headers.Range is null)
                return Mark(_slave.Web.Requests.Count == 1 ? BrokenAfter(9) : Whole(), "\"1\"");
            var part = Mark(Part(9), "\"1\"");
            switch (how)
            {
                case "another tag":
                    part.Headers.ETag = new EntityTagHeaderValue("\"2\"");
                    break;
                case "no tag":
                    part.Headers.ETag = null;
                    break;
                case "another place":
                    part.Content.Headers.ContentRange = new ContentRangeHeaderValue(8, Content.Length - 1, Content.Length);
                    break;
                case "another length":
                    part.Content.Headers.ContentRange = new ContentRangeHeaderValue(9, Content.Length, Content.Length + 1);
                    break;
                case "no range":
                    part.Content.Headers.ContentRange = null;
                    break;
                case "416":
                    part.StatusCode = HttpStatusCode.RequestedRangeNotSatisfiable;
                    break;
            }

            return part;
        });

        var asking = AskAsync();
        await PassAsync(asking, Download.RetryDelay);

        Assert.That(await asking, Is.EqualTo(Fetched));
        Assert.That(await File.ReadAllTextAsync(_slave.InCache(Sum)), Is.EqualTo(Content));
        Assert.That(_slave.Web.Requests.Select(r => r.Headers.Range?.ToString()), Is.EqualTo(new[] { null, "bytes=9-", null }));
    }

    [TestCase(null, null, null)]
    [TestCase("W/\"1\"", null, null)]
    [TestCase("\"1\"", null, "none")]
    public async Task A_server_that_can_not_give_a_part_is_not_asked_for_one(string? tag, string? date, string? accepts)
    {
        AnswerWith(_ =>
        {
            var answer = Mark(BrokenAfter(9), tag, date);
            if (accepts is not null)
                answer.Headers.AcceptRanges.Add(accepts);
            return answer;
        });

        Assert.That(await AskAsync(), Is.EqualTo(new EnsurePresentReply(false, DownloadTexts.Mismatch)));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_connection_that_breaks_again_and_again_is_given_up()
    {
        AnswerWith(_ => Mark(BrokenAfter(9), "\"1\""));

        var asking = AskAsync();
        for (var i = 1; i < Download.MaxRetries; i++)
            await PassAsync(asking, Download.RetryDelay * i, waits: i);

        Assert.That(await asking, Is.EqualTo(new EnsurePresentReply(false, DownloadTexts.Mismatch)));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1 + Download.MaxRetries));
        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory), Is.Empty);
    }

    [TestCase(HttpStatusCode.ServiceUnavailable, 3)]
    [TestCase(HttpStatusCode.NotFound, 2)]
    public async Task A_server_that_is_being_restarted_is_asked_again_and_one_that_refuses_is_not(HttpStatusCode status, int requests)
    {
        AnswerWith(_ => Mark(
            _slave.Web.Requests.Count switch
            {
                1 => BrokenAfter(9),
                2 => new HttpResponseMessage(status),
                _ => Part(9),
            },
            "\"1\""));

        var asking = AskAsync();
        if (requests == 3)
            await PassAsync(asking, Download.RetryDelay);

        Assert.That((await asking).Present, Is.EqualTo(requests == 3));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(requests));
    }

    private static IEnumerable<TestCaseData> Passing =>
    [
        .. ((HttpStatusCode[])[
            HttpStatusCode.RequestTimeout, HttpStatusCode.TooManyRequests, HttpStatusCode.InternalServerError, HttpStatusCode.BadGateway,
            HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout,
        ]).Select(status => new TestCaseData(
            HttpResponseMessage () => new HttpResponseMessage(status),
            $"HTTP Error {(int)status}: {new HttpResponseMessage(status).ReasonPhrase}")
            .SetArgDisplayNames($"{(int)status}")),
        Broken(new SocketException((int)SocketError.ConnectionRefused), "<urlopen error [Errno 111] Connection refused>"),
        Broken(new SocketException((int)SocketError.TryAgain), "<urlopen error [Errno -3] Temporary failure in name resolution>"),
        Broken(new HttpIOException(HttpRequestError.ResponseEnded), "Remote end closed connection without response"),
    ];

    [TestCaseSource(nameof(Passing))]
    public async Task A_passing_trouble_is_tried_again_and_told_when_it_stays(Func<HttpResponseMessage> trouble, string text)
    {
        AnswerWith(_ => trouble());
        var asking = AskAsync();
        for (var i = 1; i < Download.MaxRetries; i++)
            await PassAsync(asking, Download.RetryDelay * i, waits: i);

        Assert.That(await asking, Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: " + text)));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1 + Download.MaxRetries));
    }

    [TestCaseSource(nameof(Passing))]
    public async Task A_passing_trouble_is_no_verdict(Func<HttpResponseMessage> trouble, string text)
    {
        AnswerWith(_ => _slave.Web.Requests.Count == 1 ? trouble() : Whole());

        Assert.That(await AskAsync(), Is.EqualTo(Fetched), text);
    }

    [Test]
    public async Task A_server_is_left_alone_for_as_long_as_it_asks()
    {
        AnswerWith(_ =>
        {
            if (_slave.Web.Requests.Count > 1)
                return Whole();
            var busy = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
            return busy;
        });
        var asking = AskAsync();
        await Until.TrueAsync(() => _clock.Waits.Contains(TimeSpan.FromSeconds(7)));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1));
        _clock.Advance(TimeSpan.FromSeconds(7));

        Assert.That(await asking, Is.EqualTo(Fetched));
    }

    [Test]
    public async Task A_server_that_asks_for_an_hour_is_not_waited_for()
    {
        AnswerWith(_ =>
        {
            var busy = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            busy.Headers.RetryAfter = new RetryConditionHeaderValue(_clock.GetUtcNow() + TimeSpan.FromHours(1));
            return busy;
        });

        Assert.That((await AskAsync()).Present, Is.False);
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_server_that_sends_a_byte_from_time_to_time_is_given_up()
    {
        using var body = new TricklingStream(_clock, TimeSpan.FromSeconds(20));
        AnswerWith(_ => new HttpResponseMessage { Content = new StreamContent(body) });

        Assert.That(
            await AskAsync(),
            Is.EqualTo(new EnsurePresentReply(
                false, "Error accessing Librarian: <urlopen error the server is too slow: 4 bytes in 80 seconds>")));
        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory), Is.Empty);
    }

    [Test]
    public async Task A_download_that_nobody_waits_for_ends_after_a_while()
    {
        var pipe = new Pipe();
        AnswerWith(_ => _slave.Web.Requests.Count == 1
            ? new HttpResponseMessage { Content = new StreamContent(pipe.Reader.AsStream()) }
            : Whole());
        using var gone = new CancellationTokenSource();
        var call = new EnsurePresentCall { Sha1 = Sum, Url = Url };
        var first = _slave.Cache.EnsurePresentAsync(call, gone.Token, CancellationToken.None);
        await SendAsync(pipe, 1);
        await gone.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());

        _clock.Advance(RunningDownload.AbandonTimeout - TimeSpan.FromSeconds(1));
        await SendAsync(pipe, 2); // the server is not silent
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Until.TrueAsync(() => Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory).Length == 0);

        Assert.That(await AskAsync(), Is.EqualTo(Fetched), "who asks again gets it anew");
    }

    [Test]
    public async Task A_download_goes_on_for_who_asks_again_in_time()
    {
        var body = new HeldStream(Content[..4], Content[4..]);
        AnswerWith(_ => new HttpResponseMessage { Content = new StreamContent(body) });
        using var gone = new CancellationTokenSource();
        var call = new EnsurePresentCall { Sha1 = Sum, Url = Url };
        var first = _slave.Cache.EnsurePresentAsync(call, gone.Token, CancellationToken.None);
        await body.WasRead.WaitAsync(SlaveBench.Deadline);
        await gone.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());

        _clock.Advance(RunningDownload.AbandonTimeout / 2);
        var second = _slave.Cache.EnsurePresentAsync(call, SlaveBench.Deadline, CancellationToken.None);
        body.LetGo();

        Assert.That(await second, Is.EqualTo(Fetched));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1), "it was not begun anew");
    }

    [Test]
    public async Task A_server_that_falls_silent_before_it_answers_is_given_up()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Web.Answer = async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException("never");
        };
        var asking = AskAsync();
        await asked.Task.WaitAsync(SlaveBench.Deadline);

        _clock.Advance(Downloader.StallTimeout - TimeSpan.FromSeconds(1));
        Assert.That(asking.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await asking, Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: <urlopen error timed out>")));
    }

    [Test]
    public async Task A_server_that_falls_silent_in_the_middle_is_given_up()
    {
        var body = new HeldStream("the ");
        AnswerWith(_ => new HttpResponseMessage { Content = new StreamContent(body) });
        var asking = AskAsync();
        await body.WasRead.WaitAsync(SlaveBench.Deadline);

        _clock.Advance(Downloader.StallTimeout);

        Assert.That(await asking, Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: <urlopen error timed out>")));
        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory), Is.Empty);
    }

    [Test]
    public async Task A_slave_that_stops_waits_until_its_downloads_have_cleaned_up()
    {
        var body = new HeldStream("the ");
        AnswerWith(_ => new HttpResponseMessage { Content = new StreamContent(body) });
        using var stopping = new CancellationTokenSource();
        using var gone = new CancellationTokenSource();
        var asking = _slave.Cache.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = Url }, gone.Token, stopping.Token);
        await body.WasRead.WaitAsync(SlaveBench.Deadline);
        await gone.CancelAsync();
        Assert.That(async () => await asking, Throws.InstanceOf<OperationCanceledException>());

        var ended = _slave.Cache.DownloadsEndedAsync();
        Assert.That(ended.IsCompleted, Is.False);
        await stopping.CancelAsync();
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory), Is.Empty);
    }

    private static TestCaseData Broken(Exception inner, string text) => new TestCaseData(
        HttpResponseMessage () => throw new HttpRequestException("no", inner), text).SetArgDisplayNames(inner.GetType().Name, text);

    /// <summary>Has the server send a byte, and waits until the slave has so many.</summary>
    private async Task SendAsync(Pipe pipe, int total)
    {
        await pipe.Writer.WriteAsync("x"u8.ToArray());
        await Until.TrueAsync(() => new FileInfo(_slave.InCache(Sum + ".tmp")) is { Exists: true } file && file.Length == total);
        // It waits for the next one: two waits of a minute to begin with, one for each byte, and one for a caller that has gone.
        await Until.TrueAsync(() => _clock.Waits.Count(wait => wait == Downloader.StallTimeout) >= (2 * total) + 2);
    }

    /// <summary>Lets the time of a wait pass, once it has been asked for.</summary>
    private async Task PassAsync(Task asking, TimeSpan wait, int waits = 1)
    {
        await Until.TrueAsync(() => asking.IsCompleted
            || _clock.Waits.Count(w => w <= Download.RetryDelay * Download.MaxRetries && w > TimeSpan.Zero) >= waits);
        _clock.Advance(wait);
    }

    private static HttpResponseMessage Mark(HttpResponseMessage answer, string? tag, string? date = null)
    {
        answer.Headers.ETag = tag is null ? null : EntityTagHeaderValue.Parse(tag);
        answer.Content.Headers.LastModified =
            date is null ? null : DateTimeOffset.Parse(date + "T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        return answer;
    }

    /// <summary>An answer that says how long it is and ends before.</summary>
    private static HttpResponseMessage BrokenAfter(int count) => new() { Content = Broken(Content[..count], Content.Length) };

    /// <summary>The rest of the content, or with <paramref name="broken"/> only some of it.</summary>
    private static HttpResponseMessage Part(int from, int? broken = null)
    {
        var length = Content.Length - from;
        HttpContent content = broken is { } count
            ? Broken(Content.Substring(from, count), length)
            : new ByteArrayContent(Encoding.UTF8.GetBytes(Content[from..]));
        content.Headers.ContentRange = new ContentRangeHeaderValue(from, Content.Length - 1, Content.Length);
        return new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = content };
    }

    private static StreamContent Broken(string content, long length)
    {
        var body = new StreamContent(new BrokenStream(new HttpIOException(HttpRequestError.ResponseEnded), content));
        body.Headers.ContentLength = length;
        return body;
    }
}
