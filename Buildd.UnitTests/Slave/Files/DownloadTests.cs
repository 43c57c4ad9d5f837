using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>Redirects, secrets, connections that break and servers that fall silent.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DownloadTests : IAsyncDisposable
{
    private const string Url = "http://files.test/a";
    private const string Content = "the content of a file";

    private static readonly string Sum = SlaveBench.Sha1Of(Content);
    private static readonly EnsurePresentReply Fetched = new(true, "Download");

    private readonly ManualTimeProvider _clock = new();
    private readonly SlaveBench _slave;

    public DownloadTests() => _slave = new SlaveBench(_clock);

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [TestCase("http://files.test/a", true)]
    [TestCase("http://files.test/a/b", true)]
    [TestCase("/a/b", true)]
    [TestCase("http://files.test/b", false)]
    [TestCase("http://files.test/ab", false)]
    [TestCase("http://files.test:8080/a", false)]
    [TestCase("https://files.test/a", false)]
    [TestCase("http://other.test/a", false)]
    [TestCase("http://user:secret@other.test/a", false)]
    [TestCase("http://files.test.other.test/a/b", false)]
    public async Task Credentials_go_to_the_same_address_and_below_only(string location, bool areSent)
    {
        var isFirst = true;
        AnswerWith(_ =>
        {
            if (!isFirst)
                return Whole();
            isFirst = false;
            return Redirect(location);
        });

        Assert.That(await AskAsync(), Is.EqualTo(Fetched));

        Assert.That(_slave.Web.Requests[0].Headers.Authorization, Is.Not.Null);
        Assert.That(_slave.Web.Requests[1].Headers.Authorization, areSent ? Is.Not.Null : Is.Null);
        Assert.That(_slave.Web.Requests[1].Headers.AcceptEncoding.ToString(), Is.EqualTo("identity"));
    }

    [Test]
    public async Task Credentials_do_not_come_back_from_another_server()
    {
        AnswerWith(request => request.RequestUri!.Host == "files.test" && _slave.Web.Requests.Count == 1
            ? Redirect("http://other.test/")
            : request.RequestUri.Host == "other.test" ? Redirect("http://files.test/b") : Whole());

        Assert.That(await AskAsync(), Is.EqualTo(Fetched));
        Assert.That(_slave.Web.Requests.Select(r => r.Headers.Authorization is not null), Is.EqualTo(new[] { true, false, false }));
    }

    [TestCase("files.test", "http://files.test/b", true)]
    [TestCase("*.test", "http://other.test/b", true)]
    [TestCase("files.test", "http://other.test/b", false)]
    [TestCase("files.test:80", "http://files.test:8080/b", false)]
    [TestCase("files.test", "http://169.254.169.254/latest", false)]
    public async Task Files_come_from_allowed_hosts_only_wherever_a_redirect_leads(string allowed, string location, bool isFetched)
    {
        await using var slave = new SlaveBench(_clock, allowed);
        slave.Web.Answer = (_, _) => Task.FromResult(slave.Web.Requests.Count == 1 ? Redirect(location) : Whole());

        var reply = await slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = Sum, Url = Url }, SlaveBench.Deadline, SlaveBench.Deadline);

        Assert.That(reply, Is.EqualTo(isFetched
            ? Fetched
            : new EnsurePresentReply(false, $"Error accessing Librarian: <urlopen error files are not to be fetched from {new Uri(location).Authority}>")));
        Assert.That(slave.Web.Requests, Has.Count.EqualTo(isFetched ? 2 : 1));
    }

    [Test]
    public async Task A_host_that_is_not_allowed_is_not_asked()
    {
        await using var slave = new SlaveBench(_clock, "other.test");

        var reply = await slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = Sum, Url = Url, UserName = "u", Password = "secret" }, SlaveBench.Deadline, SlaveBench.Deadline);

        Assert.That(reply.Present, Is.False);
        Assert.That(slave.Web.Requests, Is.Empty);
    }

    [TestCase("file:///etc/passwd")]
    [TestCase("ftp://files.test/a")]
    [TestCase("data:,content")]
    public async Task A_redirect_leads_to_http_and_https_only(string location)
    {
        AnswerWith(_ => Redirect(location));

        Assert.That((await AskAsync()).Info, Is.EqualTo("Error accessing Librarian: HTTP Error 302: Found - Redirection to that URL is not allowed"));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_redirect_without_a_place_is_a_refusal()
    {
        AnswerWith(_ => new HttpResponseMessage(HttpStatusCode.Found));

        Assert.That((await AskAsync()).Info, Is.EqualTo("Error accessing Librarian: HTTP Error 302: Found"));
    }

    [Test]
    public async Task A_redirect_to_itself_is_followed_a_few_times()
    {
        AnswerWith(_ => Redirect(Url));

        Assert.That((await AskAsync()).Info, Does.Contain("infinite loop"));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1 + Download.MaxVisits));
    }

    [Test]
    public async Task Redirects_without_end_are_given_up()
    {
        AnswerWith(_ => Redirect($"http://files.test/{_slave.Web.Requests.Count}"));

        Assert.That((await AskAsync()).Info, Does.Contain("infinite loop"));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1 + Download.MaxRedirects));
    }

    [TestCase("no such user:p@ss word", "no such user:…")]
    [TestCase("p%40SS%20word", "…")]
    [TestCase("Basic dXNlcjpwQHNzIHdvcmQ=", "Basic …")]
    [TestCase("a\u0007b", "a?b")]
    public async Task No_secret_is_in_the_answer_and_nothing_that_can_not_be_printed(string reason, string told)
    {
        AnswerWith(_ => new HttpResponseMessage(HttpStatusCode.Forbidden) { ReasonPhrase = reason });

        var reply = await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = Sum, Url = Url, UserName = "user", Password = "p@ss word" }, SlaveBench.Deadline, CancellationToken.None);

        Assert.That(reply.Info, Is.EqualTo("Error accessing Librarian: HTTP Error 403: " + told));
    }

    [Test]
    public async Task A_long_reason_is_cut()
    {
        AnswerWith(_ => new HttpResponseMessage(HttpStatusCode.Forbidden) { ReasonPhrase = new string('x', 10_000) });

        Assert.That((await AskAsync()).Info, Has.Length.LessThan(300).And.EndsWith("xx…"));
    }

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
        await PassAsync(asking, Download.ResumeDelay);

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
        await PassAsync(asking, Download.ResumeDelay);

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
        for (var i = 1; i < Download.MaxResumes; i++)
            await PassAsync(asking, Download.ResumeDelay * i, waits: i);

        Assert.That(await asking, Is.EqualTo(new EnsurePresentReply(false, DownloadTexts.Mismatch)));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1 + Download.MaxResumes));
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
            await PassAsync(asking, Download.ResumeDelay);

        Assert.That((await asking).Present, Is.EqualTo(requests == 3));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(requests));
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

    private Task<EnsurePresentReply> AskAsync() => _slave.Cache.EnsurePresentAsync(
        new EnsurePresentCall { Sha1 = Sum, Url = Url, UserName = "user", Password = "secret" }, SlaveBench.Deadline, CancellationToken.None);

    /// <summary>Lets the time of a wait pass, once it has been asked for.</summary>
    private async Task PassAsync(Task asking, TimeSpan wait, int waits = 1)
    {
        while (!asking.IsCompleted && _clock.Waits.Count(w => w <= Download.ResumeDelay * Download.MaxResumes && w > TimeSpan.Zero) < waits)
            await Task.Delay(1, SlaveBench.Deadline);
        _clock.Advance(wait);
    }

    private void AnswerWith(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        _slave.Web.Answer = (request, _) => Task.FromResult(answer(request));

    private static HttpResponseMessage Redirect(string location) =>
        new(HttpStatusCode.Found) { Headers = { Location = new Uri(location, UriKind.RelativeOrAbsolute) } };

    private static HttpResponseMessage Whole() => new() { Content = new StringContent(Content) };

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
