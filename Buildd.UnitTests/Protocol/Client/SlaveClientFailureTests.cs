using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Wire;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>All the ways in which a call fails, and which exception tells of each.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveClientFailureTests : IDisposable
{
    private readonly ScriptedHandler _server = new();
    private readonly ManualTimeProvider _time = new();
    private readonly HttpClient _http;
    private readonly SlaveClient _client;

    public SlaveClientFailureTests()
    {
        _http = new HttpClient(_server) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new SlaveClient(_http, new SlaveClientOptions { Url = new Uri("http://builder:8221/") }, _time);
    }

    public void Dispose() => _http.Dispose();

    [Test]
    public async Task Fault_says_that_the_connection_is_fine()
    {
        _server.Answer(WireCase.Get("fault-abort-idle").ResponseBody);

        var thrown = await Assert.ThrowsAsync<SlaveFaultException>(() => _client.AbortAsync());

        Assert.That(thrown.Fault, Is.EqualTo(XmlRpcFaults.Error));
        Assert.That(thrown.IsTransient, Is.False);
        Assert.That(
            thrown.Message, Is.EqualTo("abort at http://builder:8221/: the slave answered with fault 8002: error"));
    }

    [TestCase(HttpStatusCode.NoContent, false)]
    [TestCase(HttpStatusCode.NotFound, false)]
    [TestCase(HttpStatusCode.InternalServerError, false)]
    [TestCase(HttpStatusCode.TooManyRequests, true)]
    [TestCase(HttpStatusCode.BadGateway, true)]
    [TestCase(HttpStatusCode.ServiceUnavailable, true)]
    [TestCase(HttpStatusCode.GatewayTimeout, true)]
    public async Task Http_status_is_told(HttpStatusCode status, bool isTransient)
    {
        _server.Answer("<html>"u8.ToArray(), status);

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.StatusAsync());

        Assert.That((thrown.StatusCode, thrown.IsTransient), Is.EqualTo(((HttpStatusCode?)status, isTransient)));
        Assert.That(thrown.Message, Does.StartWith("status at http://builder:8221/: ").And.Contain($"{(int)status}"));
    }

    [TestCase("", "no element found: line 1, column 0")]
    [TestCase("hello", "syntax error: line 1, column 0")]
    [TestCase("<html><body/></html>", "ResponseError()")]
    [TestCase("<!DOCTYPE html><html/>", "document type declarations are refused: line 1, column 0")]
    [TestCase("<params><param><value>x</value></param></params>", "the answer to status should be a struct and is a string.")]
    [TestCase("<params><param><value><struct/></value></param></params>", "builder_status should be a string and is nil.")]
    public async Task Answer_that_is_none_is_told(string body, string message)
    {
        _server.Answer(Encoding.UTF8.GetBytes(body));

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.StatusAsync());

        Assert.That(thrown.Message, Does.EndWith($"the answer is not understood: {message}"));
        Assert.That((thrown.StatusCode, thrown.IsTransient), Is.EqualTo(((HttpStatusCode?)null, false)));
        Assert.That(thrown.InnerException, Is.Not.Null);
    }

    [Test]
    public async Task Endless_answer_is_cut_off()
    {
        var endless = new FlakyStream(new byte[XmlRpcLimits.MaxBodyBytes + 1], FlakyStream.End.Hang, 64 * 1024);
        _server.Answer(new StreamContent(endless));

        var thrown = await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.StatusAsync());

        Assert.That(thrown.Message, Does.EndWith("the answer has more bytes than the limit of 16777216."));
        Assert.That(endless.IsDisposed, Is.True);
    }

    [TestCase(HttpRequestError.ConnectionError)]
    [TestCase(HttpRequestError.NameResolutionError)]
    [TestCase(HttpRequestError.ResponseEnded)]
    [TestCase(HttpRequestError.Unknown)]
    public async Task Connection_that_fails_is_told(HttpRequestError error)
    {
        _server.Fail(new HttpRequestException(error, "Connection refused (builder:8221)"));

        var thrown = await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync());

        Assert.That(thrown.IsTransient, Is.True);
        Assert.That(
            thrown.Message,
            Is.EqualTo("status at http://builder:8221/: the connection failed: Connection refused (builder:8221)"));
    }

    [TestCase(HttpRequestError.InvalidResponse)]
    [TestCase(HttpRequestError.ConfigurationLimitExceeded)]
    public async Task Answer_that_is_no_http_is_told(HttpRequestError error)
    {
        _server.Fail(new HttpRequestException(error, "garbage"));

        await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.StatusAsync());
    }

    [Test]
    public async Task A_slave_that_has_gone_in_the_moment_of_connecting_is_unreachable()
    {
        _server.Fail(new SocketException((int)SocketError.NotConnected));

        var thrown = await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync());

        Assert.That(thrown.IsTransient);
    }

    [Test]
    public async Task Connection_that_breaks_in_the_answer_is_told()
    {
        _server.Answer(new StreamContent(new FlakyStream("<params>"u8.ToArray(), FlakyStream.End.Break)));

        await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync());
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Call_that_takes_too_long_is_given_up(CancellationToken deadline)
    {
        _server.Hang();
        var call = _client.StatusAsync(deadline);
        await _server.Waiting.WaitAsync(deadline);

        _time.Advance(TimeSpan.FromSeconds(39.9));
        Assert.That(call.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        var thrown = await Assert.ThrowsAsync<SlaveConnectionException>(() => call);
        Assert.That(thrown.Message, Is.EqualTo("status at http://builder:8221/: nothing came within 40 s."));
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Time_runs_until_the_answer_s_last_byte(CancellationToken deadline)
    {
        var hanging = new TaskCompletionSource();
        _server.Answer(new StreamContent(
            new FlakyStream("<params>"u8.ToArray(), FlakyStream.End.Hang) { OnHang = hanging.SetResult }));
        var call = _client.StatusAsync(deadline);
        await hanging.Task.WaitAsync(deadline);

        _time.Advance(TimeSpan.FromSeconds(40));

        await Assert.ThrowsAsync<SlaveConnectionException>(() => call);
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Ensurepresent_is_given_more_time(CancellationToken deadline)
    {
        _server.Hang();
        var call = _client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = "x" }, deadline);
        await _server.Waiting.WaitAsync(deadline);

        _time.Advance(TimeSpan.FromSeconds(799));
        Assert.That(call.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<SlaveConnectionException>(() => call);
    }

    [Test]
    [CancelAfter(30_000)]
    public async Task Caller_that_cancels_gets_its_own_cancellation(CancellationToken deadline)
    {
        using var caller = new CancellationTokenSource();
        _server.Hang();
        var call = _client.StatusAsync(caller.Token);
        await _server.Waiting.WaitAsync(deadline);

        await caller.CancelAsync();

        var thrown = await Assert.CatchAsync<OperationCanceledException>(() => call);
        Assert.That(thrown.CancellationToken, Is.EqualTo(caller.Token));
    }

    [Test]
    public async Task Caller_that_had_cancelled_sends_nothing()
    {
        await Assert.CatchAsync<OperationCanceledException>(() => _client.StatusAsync(new CancellationToken(true)));
        Assert.That(_server.Requests, Is.Empty);
    }

    [Test]
    public async Task Http_client_s_own_timeout_is_told_apart()
    {
        _server.Fail(new TaskCanceledException("timeout", new TimeoutException()));

        var thrown = await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync());
        Assert.That(thrown.Message, Does.Contain("its own Timeout has to be longer"));
    }
}
