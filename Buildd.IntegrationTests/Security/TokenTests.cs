using System.Text;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Wire;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Security;

/// <summary>A slave that wants a token.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class TokenTests : IDisposable
{
    private const string Token = "0123456789-abcdef";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task With_the_token_a_build_is_driven_and_its_result_read()
    {
        await using var slave = await StartAsync();
        using var http = new HttpClient();
        var client = new SlaveClient(http, new SlaveClientOptions { Url = slave.Url, BearerToken = Token });
        slave.UseClient(client);

        await slave.BuildAsync("livefs");
        await slave.FinishAsync();
        await using var file = await client.OpenFileAsync((await client.StatusAsync()).FileMap!["result.txt"]);
        using var reader = new StreamReader(file.Content);
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("a result"));
    }

    [TestCase("POST", "/rpc")]
    [TestCase("POST", "/RPC2")]
    [TestCase("POST", "/rpc/below")]
    [TestCase("GET", "/filecache/buildlog")]
    [TestCase("HEAD", "/filecache/buildlog")]
    [TestCase("GET", "/filecache/c1d80674d731fd6af61ded171202b8424147b17b")]
    [TestCase("GET", "/log/stream")]
    [TestCase("GET", "/metrics")]
    [TestCase("GET", "/")]
    [TestCase("OPTIONS", "*")]
    [TestCase("GET", "/healthz/../filecache/buildlog")]
    [TestCase("GET", "/healthz/x")]
    [TestCase("GET", "/HEALTHZ")]
    [TestCase("GET", "/healthz%2f..%2ffilecache")]
    [TestCase("PUT", "/filecache/x")]
    public async Task Without_it_nothing_is_answered(string method, string path, CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync();
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Request(method, path, null), cancellationToken);
        var answer = (await connection.ReceiveAsync(method == "HEAD", cancellationToken))!;

        Assert.That((answer.Status, answer.Field("WWW-Authenticate")), Is.EqualTo((401, "Bearer")));
        Assert.That(answer.Field("Content-Length"), Is.Not.Null);
    }

    [TestCase("GET", "/healthz")]
    [TestCase("HEAD", "/healthz?x=1")]
    public async Task Whether_it_is_well_is_told_to_everybody(string method, string path, CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync();
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Request(method, path, null), cancellationToken);

        Assert.That((await connection.ReceiveAsync(method == "HEAD", cancellationToken))!.Status, Is.Not.EqualTo(401));
    }

    [TestCase("Bearer 0123456789-abcdeg")]
    [TestCase("Bearer 0123456789-abcde")]
    [TestCase("Bearer")]
    [TestCase("Basic MDEyMzQ1Njc4OS1hYmNkZWY6")]
    [TestCase("Bearer 0123456789-abcdef\r\nAuthorization: Bearer 0123456789-abcdef")]
    public async Task A_wrong_one_is_as_good_as_none_and_the_connection_stays(string wrong, CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync();
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Request("POST", "/rpc", wrong), cancellationToken);
        Assert.That((await connection.ReceiveAsync(false, cancellationToken))!.Status, Is.EqualTo(401));

        await connection.SendAsync(Request("POST", "/rpc", "Bearer " + Token), cancellationToken);
        var answer = (await connection.ReceiveAsync(false, cancellationToken))!;
        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(answer.Body), Does.Contain("BuilderStatus.IDLE"));
    }

    [TestCase(2_000, 401)]
    [TestCase(100_000, 431)]
    public async Task A_long_one_is_refused(int length, int status, CancellationToken cancellationToken)
    {
        await using var slave = await StartAsync();
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Request("GET", "/filecache/buildlog", "Bearer " + new string('a', length)), cancellationToken);

        var answer = await connection.ReceiveAsync(false, cancellationToken);
        Assert.That(answer?.Status ?? status, Is.EqualTo(status)); // the answer may get lost when the connection is closed on the rest
    }

    [Test]
    public async Task Curl_and_Python_bear_it()
    {
        Machine.Require(File.Exists("/usr/bin/curl"), "/usr/bin/curl");
        Machine.Require(File.Exists("/usr/bin/python3"), "/usr/bin/python3");
        await using var slave = await StartAsync();
        var curl = Command.Of("/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", $"{slave.Url}filecache/none");
        const string Script =
            """
            import sys, xmlrpc.client
            url, token = sys.argv[1:]
            try: xmlrpc.client.ServerProxy(url + 'rpc').status()
            except xmlrpc.client.ProtocolError as e: print(e.errcode)
            print(xmlrpc.client.ServerProxy(url + 'rpc', headers=[('Authorization', 'Bearer ' + token)]).status()['builder_status'])
            """;

        Assert.That(await ProcessRunner.CaptureAsync(curl), Is.EqualTo("401"));
        Assert.That(await ProcessRunner.CaptureAsync(curl.With(["-H", $"Authorization: Bearer {Token}"])), Is.EqualTo("404"));
        Assert.That(
            await ProcessRunner.CaptureAsync(Command.Of("/usr/bin/python3", "-c", Script, slave.Url.ToString(), Token)),
            Is.EqualTo("401\nBuilderStatus.IDLE\n"));
    }

    private static byte[] Request(string method, string path, string? authorization)
    {
        const string Call = "<?xml version='1.0'?><methodCall><methodName>status</methodName><params></params></methodCall>";
        return Encoding.ASCII.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{(authorization is null ? "" : $"Authorization: {authorization}\r\n")}"
            + (method is "POST" ? $"Content-Length: {Call.Length}\r\n\r\n{Call}" : "\r\n"));
    }

    private async Task<SlaveInProcess> StartAsync()
    {
        await File.WriteAllTextAsync(_folder["token"], Token + "\n");
        File.SetUnixFileMode(_folder["token"], UnixFileMode.UserRead);
        return await SlaveInProcess.StartAsync(new SecurityOptions { TokenFile = _folder["token"] });
    }
}
