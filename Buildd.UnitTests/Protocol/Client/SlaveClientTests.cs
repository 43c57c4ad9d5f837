using System.Net;
using System.Text;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>Every call: what is sent, and what becomes of the answer.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveClientTests : IDisposable
{
    private readonly ScriptedHandler _server = new();
    private readonly HttpClient _http;

    public SlaveClientTests() => _http = new HttpClient(_server);

    public void Dispose() => _http.Dispose();

    [Test]
    public async Task Echo_gives_its_arguments_back()
    {
        var call = Play("echo-many");

        var answer = await Client().EchoAsync(call.Parameters);

        Assert.That(answer.Select(Codec.Describe), Is.EqualTo(call.Parameters.Select(Codec.Describe)));
        AssertSent("echo-many");
    }

    [Test]
    public async Task Info_tells_what_the_slave_can_do()
    {
        Play("info");

        var answer = await Client().InfoAsync();

        Assert.That(answer.ArchitectureTag, Is.EqualTo("amd64"));
        AssertSent("info");
    }

    [Test]
    public async Task Status_tells_what_the_slave_does()
    {
        Play("status-waiting-ok");

        var answer = await Client().StatusAsync();

        Assert.That((answer.Status, answer.BuildStatus), Is.EqualTo((BuilderStatus.Waiting, BuildStatus.Ok)));
        AssertSent("status-waiting-ok");
    }

    [Test]
    public async Task Ensurepresent_tells_whether_the_file_is_there()
    {
        var call = (EnsurePresentCall)SlaveCall.FromXmlRpc(Play("ensurepresent-download"));

        var answer = await Client().EnsurePresentAsync(call);

        Assert.That(answer, Is.EqualTo(new EnsurePresentReply(true, "Download")));
        AssertSent("ensurepresent-download");
    }

    [Test]
    public async Task Build_tells_whether_it_began()
    {
        var call = (BuildCall)SlaveCall.FromXmlRpc(Play("build-ok"));

        var answer = await Client().BuildAsync(call);

        Assert.That(answer, Is.EqualTo(new BuildReply(BuildAnswer.Building, "PACKAGEBUILD-1")));
        AssertSent("build-ok");
    }

    [Test]
    public async Task Abort_tells_the_new_status()
    {
        Play("abort-building");

        Assert.That(await Client().AbortAsync(), Is.EqualTo(new BuilderStatusReply(BuilderStatus.Aborting)));
        AssertSent("abort-building");
    }

    [Test]
    public async Task Clean_tells_the_new_status()
    {
        Play("clean-waiting");

        Assert.That(await Client().CleanAsync(), Is.EqualTo(new BuilderStatusReply(BuilderStatus.Idle)));
        AssertSent("clean-waiting");
    }

    [Test]
    public async Task Proxy_info_tells_what_the_build_was_given()
    {
        Play("proxy-info-waiting");

        Assert.That(
            await Client().ProxyInfoAsync(), Is.EqualTo(new ProxyInfoReply(true, "http://127.0.0.1:8000/tokens/user")));
        AssertSent("proxy-info-waiting");
    }

    [TestCase("http://builder:8221", "POST http://builder:8221/rpc")]
    [TestCase("http://builder:8221/", "POST http://builder:8221/rpc")]
    [TestCase("https://builder", "POST https://builder/rpc")]
    [TestCase("http://proxy/builders/one", "POST http://proxy/builders/one/rpc")]
    [TestCase("http://proxy/builders/%C5%BC/", "POST http://proxy/builders/%C5%BC/rpc")]
    [TestCase("http://[::1]:8221", "POST http://[::1]:8221/rpc")]
    public async Task Calls_go_below_the_base_url(string url, string line)
    {
        Play("info");

        await Client(url).InfoAsync();

        Assert.That(_server.Requests.Single().Line, Is.EqualTo(line));
    }

    [Test]
    public async Task Credentials_are_sent_and_not_shown()
    {
        Play("info");
        _server.Fail(new HttpRequestException("refused")).Answer("x"u8.ToArray(), HttpStatusCode.Forbidden);
        var options = new SlaveClientOptions { Url = new Uri("http://me%40home:q7x%3Ash@builder:8221/") };
        var client = new SlaveClient(_http, options);

        await client.InfoAsync();
        var broken = await Assert.ThrowsAsync<SlaveConnectionException>(() => client.InfoAsync());
        var refused = await Assert.ThrowsAsync<SlaveProtocolException>(() => client.OpenFileAsync("buildlog"));

        var basic = "Basic " + Convert.ToBase64String("me@home:q7x:sh"u8);
        Assert.That(_server.Requests.Select(request => request.Authorization), Is.All.EqualTo(basic));
        Assert.That(_server.Requests[0].Line, Is.EqualTo("POST http://builder:8221/rpc"));
        Assert.That(client.Url.AbsoluteUri, Is.EqualTo("http://builder:8221/"));
        foreach (var shown in new[] { broken.ToString(), refused.ToString(), client.Url.ToString(), options.ToString() })
            Assert.That(shown, Does.Not.Contain("q7x").And.Not.Contain("me%40"));
    }

    [Test]
    public async Task A_token_is_sent_with_calls_and_files_and_not_shown()
    {
        Play("info");
        _server.Fail(new HttpRequestException("refused")).Answer("x"u8.ToArray(), HttpStatusCode.Unauthorized);
        var options = new SlaveClientOptions { Url = new Uri("https://builder:8221/"), BearerToken = "hush-hush" };
        var client = new SlaveClient(_http, options);

        await client.InfoAsync();
        var broken = await Assert.ThrowsAsync<SlaveConnectionException>(() => client.InfoAsync());
        var refused = await Assert.ThrowsAsync<SlaveProtocolException>(() => client.OpenFileAsync("buildlog"));

        Assert.That(_server.Requests.Select(request => request.Authorization), Is.All.EqualTo("Bearer hush-hush"));
        Assert.That(refused.Message, Does.Contain("HTTP status 401"));
        foreach (var shown in new[] { broken.ToString(), refused.ToString(), client.Url.ToString(), options.ToString() })
            Assert.That(shown, Does.Not.Contain("hush"));
    }

    [TestCase("http://builder/", "", "empty")]
    [TestCase("http://builder/", "hush hush", "no header can hold")]
    [TestCase("http://builder/", "hush\r\nX: y", "no header can hold")]
    [TestCase("http://builder/", "hüsh", "no header can hold")]
    [TestCase("http://me:hush@builder/", "hushhush", "only one of them")]
    public void A_token_that_cannot_be_sent_is_refused_and_not_shown(string url, string token, string reason)
    {
        var refused = Assert.Throws<ArgumentException>(
            () => new SlaveClient(_http, new SlaveClientOptions { Url = new Uri(url), BearerToken = token }))!;

        Assert.That(refused.Message, Does.Contain(reason).And.Not.Contain("hush").And.Not.Contain("hüsh"));
    }

    [Test]
    public async Task Without_credentials_none_are_sent()
    {
        Play("info");

        await Client().InfoAsync();

        Assert.That(_server.Requests.Single().Authorization, Is.Null);
    }

    [Test]
    public async Task What_cannot_be_written_is_not_sent()
    {
        await Assert.ThrowsAsync<XmlRpcWriteException>(() => Client().EchoAsync([1L << 40]));
        Assert.That(_server.Requests, Is.Empty);
    }

    [TestCase("ftp://builder/")]
    [TestCase("http://builder/?x=1")]
    [TestCase("http://builder/#x")]
    [TestCase("builder")]
    public void Url_has_to_be_a_base_url(string url) => Assert.Throws<ArgumentException>(
        () => new SlaveClient(_http, new SlaveClientOptions { Url = new Uri(url, UriKind.RelativeOrAbsolute) }));

    [Test]
    public void Numbers_have_to_be_in_their_range()
    {
        var options = new SlaveClientOptions { Url = new Uri("http://builder/") };
        SlaveClientOptions[] wrong =
        [
            options with { CallTimeout = TimeSpan.Zero },
            options with { CallTimeout = TimeSpan.FromSeconds(-1) },
            options with { CallTimeout = TimeSpan.FromDays(100) },
            options with { EnsurePresentTimeout = TimeSpan.Zero },
            options with { StallTimeout = TimeSpan.Zero },
            options with { DownloadAttempts = 0 },
        ];

        foreach (var bad in wrong)
            Assert.Throws<ArgumentOutOfRangeException>(() => new SlaveClient(_http, bad), bad.ToString());
    }

    [Test]
    public void Ensurepresent_waits_twenty_times_as_long_unless_told_otherwise()
    {
        var options = new SlaveClientOptions { Url = new Uri("http://builder/") };

        Assert.That(options.CallTimeout, Is.EqualTo(TimeSpan.FromSeconds(40)));
        Assert.That(options.EnsurePresentTimeout, Is.EqualTo(TimeSpan.FromSeconds(800)));
        Assert.That(
            (options with { CallTimeout = TimeSpan.FromSeconds(1) }).EnsurePresentTimeout,
            Is.EqualTo(TimeSpan.FromSeconds(20)));
        Assert.That(
            (options with { CallTimeout = Timeout.InfiniteTimeSpan }).EnsurePresentTimeout,
            Is.EqualTo(Timeout.InfiniteTimeSpan));
        Assert.That(
            (options with { EnsurePresentTimeout = TimeSpan.FromSeconds(5) }).EnsurePresentTimeout,
            Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    private SlaveClient Client(string url = "http://builder:8221/") =>
        new(_http, new SlaveClientOptions { Url = new Uri(url) });

    /// <summary>Has the server answer as the reference did, and gives the call that was recorded.</summary>
    private XmlRpcCall Play(string name)
    {
        var wireCase = WireCase.Get(name);
        _server.Answer(wireCase.ResponseBody);
        return Codec.ReadCall(wireCase.RequestBody);
    }

    private void AssertSent(string name)
    {
        var request = _server.Requests.Single();
        Assert.That(Encoding.UTF8.GetString(request.Body), Is.EqualTo(Codec.Text(WireCase.Get(name).RequestBody)));
        Assert.That(request.ContentType, Is.EqualTo("text/xml"));
        Assert.That(request.ContentLength, Is.EqualTo(request.Body.Length));
    }
}
