using System.Buffers;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Http;
using Buildd.UnitTests.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RpcEndpointTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();
    private readonly RecordingLogger<RpcEndpoint> _logger = new();
    private readonly RpcEndpoint _endpoint;

    public RpcEndpointTests() => _endpoint = new RpcEndpoint(
        new SlaveCalls(_slave.Options, _slave.Builder, _slave.Cache, Substitute.For<IHostApplicationLifetime>(), _slave.Meters),
        _slave.Options.Endpoints.MaxBodyBytes,
        _slave.Meters,
        _logger);

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task An_answer_has_the_type_and_the_length_that_old_clients_need()
    {
        var exchange = await PostAsync(new EchoCall(["ping"]));

        Assert.Multiple(() =>
        {
            Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
            Assert.That(exchange.Response.ContentType, Is.EqualTo("text/xml; charset=utf-8"));
            Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
            Assert.That(exchange.Response.Headers.Connection.ToString(), Is.Empty);
            Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(
                "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n"
                + "<value><string>ping</string></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n"));
        });
    }

    [Test]
    public async Task A_build_that_the_backend_refuses_has_the_reason_in_a_header_field_and_the_references_fault()
    {
        const string Words = "the argument 'suite' is 'grüße', which is no name";
        _slave.Backend.Check = _ => throw new RefusedException(Words);

        var exchange = await PostAsync(_slave.Call());

        Assert.That(Uri.UnescapeDataString(exchange.Response.Headers[WireNames.RefusalField].Single()!), Is.EqualTo(Words));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Does.Contain("<string>error</string>").And.Not.Contain("suite"));
    }

    [Test]
    public async Task What_the_slave_refuses_for_itself_has_none() =>
        Assert.That((await PostAsync(new AbortCall())).Response.Headers.ContainsKey(WireNames.RefusalField), Is.False);

    [Test]
    public async Task Info_tells_version_architecture_and_the_backends_in_order()
    {
        var info = InfoReply.FromXmlRpc(Result(await PostAsync(new InfoCall())));

        Assert.That(
            (info.ProtocolVersion, info.ArchitectureTag, string.Join(' ', info.BuilderTags)),
            Is.EqualTo(("1.0", "riscv64", "binarypackage livefs")));
    }

    [Test]
    public async Task A_build_goes_from_call_to_clean()
    {
        var ended = _slave.Logger.NextAsync(" ended: ");

        Assert.That(BuildReply.FromXmlRpc(Result(await PostAsync(_slave.Call()))).Answer, Is.EqualTo(BuildAnswer.Building));
        await ended.WaitAsync(SlaveBench.Deadline);
        Assert.That(StatusReply.FromXmlRpc(Result(await PostAsync(new StatusCall()))).BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(BuilderStatusReply.FromXmlRpc(Result(await PostAsync(new CleanCall()))).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_status_in_the_bytes_of_the_last_is_answered_with_the_state_of_the_moment()
    {
        Assert.That(StatusReply.FromXmlRpc(Result(await PostAsync(new StatusCall()))).Status, Is.EqualTo(BuilderStatus.Idle));
        var ended = _slave.Logger.NextAsync(" ended: ");
        await PostAsync(_slave.Call());
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(StatusReply.FromXmlRpc(Result(await PostAsync(new StatusCall()))).Status, Is.EqualTo(BuilderStatus.Waiting));
    }

    [Test]
    public async Task Old_masters_get_status_as_an_array_where_that_is_configured_and_the_struct_by_its_own_name()
    {
        Assert.That(Result(await PostAsync(new StatusCall())), Is.TypeOf<XmlRpcStruct>());

        _slave.Options.Endpoints.TupleStatus = true;

        Assert.That(Result(await PostAsync(new StatusCall())), Is.TypeOf<XmlRpcArray>());
        Assert.That(Result(await PostAsync(new StatusCall { WantsStruct = true })), Is.TypeOf<XmlRpcStruct>());
    }

    [Test]
    public async Task A_call_that_only_begins_like_the_last_status_is_read()
    {
        var status = Bytes(new StatusCall().ToXmlRpc());
        await PostAsync(status);

        Assert.That(Fault(await PostAsync(status[..^5])).Message, Does.StartWith("Can't deserialize input"));
    }

    [Test]
    public async Task Ensurepresent_answers_for_the_cache()
    {
        var sum = _slave.Add("content");

        Assert.That(
            EnsurePresentReply.FromXmlRpc(Result(await PostAsync(new EnsurePresentCall { Sha1 = sum }))),
            Is.EqualTo(new EnsurePresentReply(true, "No URL")));
    }

    [TestCase("nonsense", 8001, "procedure nonsense not found")]
    [TestCase("system.listMethods", 8001, "no such subHandler system")]
    [TestCase("abort", 8002, "error")]
    [TestCase("clean", 8002, "error")]
    [TestCase("proxy_info", 8002, "error")]
    [TestCase("build", 8002, "error")]
    public async Task What_can_not_be_carried_out_is_a_fault_with_status_200(string method, int code, string text)
    {
        var exchange = await PostAsync(new XmlRpcCall(method, []));

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(Fault(exchange), Is.EqualTo(new XmlRpcFault(code, text)));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
    }

    [TestCase("")]
    [TestCase("not XML")]
    [TestCase("<methodCall><params/></methodCall>")]
    public async Task A_body_that_is_no_call_is_a_fault_with_the_reason(string body)
    {
        var fault = Fault(await PostAsync(Encoding.UTF8.GetBytes(body)));

        Assert.That(fault.Code, Is.EqualTo(8002));
        Assert.That(fault.Message, Does.StartWith("Can't deserialize input: "));
    }

    [Test]
    public async Task The_reason_of_a_refusal_is_for_the_log()
    {
        await PostAsync(new AbortCall());

        Assert.That(Logged(), Is.EqualTo(new[] { "Warning: abort was refused: Abort is not possible while the builder is Idle" }));
    }

    [Test]
    public async Task A_call_that_breaks_is_a_fault_and_an_error_in_the_log()
    {
        _slave.Backend.Check = _ => throw new InvalidOperationException("broken");

        Assert.That(Fault(await PostAsync(_slave.Call())), Is.EqualTo(XmlRpcFaults.Error));
        Assert.That(Logged(), Is.EqualTo(new[] { "Error: build failed" }));
    }

    [Test]
    public async Task A_result_that_can_not_be_written_is_a_fault()
    {
        var body =
            "<methodCall><methodName>echo</methodName><params><param><value><i8>4294967296</i8></value></param></params></methodCall>"u8;

        Assert.That(Fault(await PostAsync(body.ToArray())).Message, Does.StartWith("Can't serialize output: "));
    }

    [Test]
    public async Task A_body_that_is_declared_too_large_is_not_read()
    {
        var exchange = new HttpExchange("POST", [1, 2, 3]);
        exchange.Context.Request.ContentLength = XmlRpcLimits.MaxBodyBytes + 1;

        await _endpoint.HandleAsync(exchange.Context);

        RequireTooLarge(exchange);
        Assert.That(exchange.Context.Request.Body.Position, Is.Zero);
    }

    [Test]
    public async Task A_body_that_turns_out_too_large_is_not_read_to_its_end() =>
        RequireTooLarge(await PostAsync(new byte[XmlRpcLimits.MaxBodyBytes + 1]));

    [Test]
    public async Task The_limit_on_a_body_can_be_set_lower()
    {
        const int Limit = 100;
        var endpoint = new RpcEndpoint(
            new SlaveCalls(_slave.Options, _slave.Builder, _slave.Cache, Substitute.For<IHostApplicationLifetime>(), _slave.Meters), Limit,
            _slave.Meters, _logger);

        foreach (var (length, text) in ((int, string)[])[(Limit, "syntax error"), (Limit + 1, $"the request is larger than {Limit} bytes")])
        {
            var exchange = new HttpExchange("POST", [.. Enumerable.Repeat((byte)'x', length)]);
            await endpoint.HandleAsync(exchange.Context);
            Assert.That(Fault(exchange).Message, Does.Contain(text));
        }
    }

    [Test]
    public async Task A_body_of_just_the_limit_is_read()
    {
        var exchange = await PostAsync(new byte[XmlRpcLimits.MaxBodyBytes]);

        Assert.That(Fault(exchange).Message, Does.Not.Contain("larger"));
        Assert.That(exchange.Response.Headers.Connection.ToString(), Is.Empty);
    }

    [Test]
    public async Task A_body_that_can_not_be_received_is_refused_and_is_nothing_for_the_log()
    {
        var exchange = new HttpExchange("POST");
        var body = Substitute.For<Stream>();
        body.CanRead.Returns(true);
        body.ReadAsync(default, default).ThrowsAsyncForAnyArgs(new BadHttpRequestException("Bad chunk size data."));
        exchange.Context.Request.Body = body;

        await _endpoint.HandleAsync(exchange.Context);

        Assert.That((exchange.Response.StatusCode, exchange.Response.ContentLength), Is.EqualTo((400, 0L)));
        Assert.That(exchange.Response.Headers.Connection.ToString(), Is.EqualTo("close"));
        Assert.That(_logger.Entries, Is.Empty);
    }

    [TestCase("GET", 405, "POST")]
    [TestCase("HEAD", 405, "POST")]
    [TestCase("OPTIONS", 501, "")]
    [TestCase("post", 501, "")]
    public async Task Only_POST_is_a_call(string method, int status, string allow)
    {
        var exchange = new HttpExchange(method, Bytes(new EchoCall([]).ToXmlRpc()));

        await _endpoint.HandleAsync(exchange.Context);

        Assert.That((exchange.Response.StatusCode, exchange.Response.Headers.Allow.ToString()), Is.EqualTo((status, allow)));
        Assert.That(exchange.Body, method == "HEAD" ? Is.Empty : Has.Length.EqualTo(exchange.Response.ContentLength));
    }

    [Test]
    public async Task A_client_that_goes_away_is_not_answered()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Web.Answer = async (_, _) =>
        {
            asked.SetResult();
            await release.Task;
            return new HttpResponseMessage { Content = new StringContent("content") };
        };
        using var gone = new CancellationTokenSource();
        var exchange = new HttpExchange(
            "POST", Bytes(new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }.ToXmlRpc()));
        exchange.Context.RequestAborted = gone.Token;
        var handling = _endpoint.HandleAsync(exchange.Context);
        await asked.Task.WaitAsync(SlaveBench.Deadline);

        await gone.CancelAsync();

        Assert.That(async () => await handling.WaitAsync(SlaveBench.Deadline), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(exchange.Body, Is.Empty);
        Assert.That(_logger.Entries, Is.Empty);
        release.SetResult();
        await _slave.Cache.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("content"), Url = "http://files.test/" }, SlaveBench.Deadline,
            CancellationToken.None);
    }

    private Task<HttpExchange> PostAsync(SlaveCall call) => PostAsync(call.ToXmlRpc());

    private Task<HttpExchange> PostAsync(XmlRpcCall call) => PostAsync(Bytes(call));

    private async Task<HttpExchange> PostAsync(byte[] body)
    {
        var exchange = new HttpExchange("POST", body);
        await _endpoint.HandleAsync(exchange.Context);
        return exchange;
    }

    private static byte[] Bytes(XmlRpcCall call)
    {
        var body = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteCall(body, call);
        return body.WrittenSpan.ToArray();
    }

    private static XmlRpcValue Result(HttpExchange exchange) => XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(exchange.Body));

    private static XmlRpcFault Fault(HttpExchange exchange) =>
        Assert.Throws<XmlRpcFaultException>(() => Result(exchange))!.Fault;

    private IEnumerable<string> Logged() => _logger.Entries.Select(entry => $"{entry.Level}: {entry.Message}");

    private static void RequireTooLarge(HttpExchange exchange) => Assert.Multiple(() =>
    {
        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(exchange.Response.Headers.Connection.ToString(), Is.EqualTo("close"));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
        Assert.That(Fault(exchange).Message, Is.EqualTo("Can't deserialize input: the request is larger than 16777216 bytes"));
    });
}
