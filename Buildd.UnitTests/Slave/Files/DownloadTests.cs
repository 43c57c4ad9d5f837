using System.Net;
using Buildd.Protocol.Messages;
using Buildd.Slave.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>Redirects, allowed hosts, and the secrets of a download.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class DownloadTests : DownloadFixture
{
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

    [Test]
    public async Task A_download_is_told_in_the_log_and_no_secret_of_it()
    {
        AnswerWith(request => request.RequestUri!.Query.Length > 0 ? Whole() : new HttpResponseMessage(HttpStatusCode.NotFound));

        await AskAsync();
        await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = Sum, Url = "http://files.test/secret/a?token=hidden", UserName = "user", Password = "secret" },
            SlaveBench.Deadline, CancellationToken.None);

        Assert.That(_slave.CacheLogger.Lines, Is.EqualTo(new[]
        {
            $"Information: Fetching {Sum} by url {Url} ",
            $"Warning: {Sum} was not fetched: Error accessing Librarian: HTTP Error 404: Not Found ",
            $"Information: Fetching {Sum} by url http://files.test/…/a ",
            $"Information: Fetched {Sum}: {Content.Length} bytes in {TimeSpan.Zero} ",
        }));
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
            : new EnsurePresentReply(
                false, $"Error accessing Librarian: <urlopen error files are not to be fetched from {new Uri(location).Authority}>")));
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

        Assert.That(
            (await AskAsync())
                .Info, Is.EqualTo("Error accessing Librarian: HTTP Error 302: Found - Redirection to that URL is not allowed"));
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
            new EnsurePresentCall { Sha1 = Sum, Url = Url, UserName = "user", Password = "p@ss word" }, SlaveBench.Deadline,
            CancellationToken.None);

        Assert.That(reply.Info, Is.EqualTo("Error accessing Librarian: HTTP Error 403: " + told));
    }

    [Test]
    public async Task A_long_reason_is_cut()
    {
        AnswerWith(_ => new HttpResponseMessage(HttpStatusCode.Forbidden) { ReasonPhrase = new string('x', 10_000) });

        Assert.That((await AskAsync()).Info, Has.Length.LessThan(300).And.EndsWith("xx…"));
    }

    private static HttpResponseMessage Redirect(string location) =>
        new(HttpStatusCode.Found) { Headers = { Location = new Uri(location, UriKind.RelativeOrAbsolute) } };
}
