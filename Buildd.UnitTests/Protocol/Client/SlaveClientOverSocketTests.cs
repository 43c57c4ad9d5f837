using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Protocol.Client;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>
/// The client on a real connection, against bytes as they came from the reference: what .NET's HTTP makes of them is
/// not for a scripted handler to say.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class SlaveClientOverSocketTests : IDisposable
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Type: text/html\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly SlaveClient _client;

    public SlaveClientOverSocketTests()
    {
        _listener.Start();
        _client = new SlaveClient(
            _http, new SlaveClientOptions { Url = new Uri($"http://{_listener.LocalEndpoint}/") });
    }

    public void Dispose()
    {
        _http.Dispose();
        _listener.Dispose();
    }

    [Test]
    public async Task Recorded_answer_is_understood(CancellationToken deadline)
    {
        var server = ServeAsync(deadline, WireCase.Get("info").Response);

        var info = await _client.InfoAsync(deadline);

        Assert.That(info.BuilderTags, Has.Count.EqualTo(10));
        var request = (await server).Single();
        Assert.That(request, Does.StartWith("POST /rpc HTTP/1.1\r\n"));
        Assert.That(request, Does.Contain("\r\nContent-Type: text/xml\r\n").And.Contain("\r\nContent-Length: 98\r\n"));
        Assert.That(request, Does.Not.Contain("chunked").IgnoreCase.And.Not.Contain("Expect").IgnoreCase);
    }

    [Test]
    public async Task Answer_that_is_no_http_is_told(CancellationToken deadline)
    {
        var server = ServeAsync(deadline, "this is not HTTP\r\n\r\n"u8.ToArray());

        await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.StatusAsync(deadline));
        await server;
    }

    [Test]
    public async Task Connection_closed_without_an_answer_is_told(CancellationToken deadline)
    {
        var server = ServeAsync(deadline, [], [], [], []);

        await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync(deadline));
        _listener.Stop();
        await Assert.CatchAsync<Exception>(() => server);
    }

    [Test]
    public async Task Connection_that_is_refused_is_told(CancellationToken deadline)
    {
        _listener.Stop();

        await Assert.ThrowsAsync<SlaveConnectionException>(() => _client.StatusAsync(deadline));
    }

    [Test]
    public async Task Download_goes_on_where_the_connection_was_closed(CancellationToken deadline)
    {
        var server = ServeAsync(
            deadline,
            Encoding.ASCII.GetBytes(Head + "0123"),
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789"u8.ToArray());

        await using var file = await _client.OpenFileAsync("abc", cancellationToken: deadline);
        using var read = new MemoryStream();
        await file.Content.CopyToAsync(read, deadline);

        Assert.That(Encoding.ASCII.GetString(read.ToArray()), Is.EqualTo("0123456789"));
        Assert.That((await server)[1], Does.StartWith("GET /filecache/abc HTTP/1.1\r\n"));
        Assert.That((await server)[1], Does.Contain("\r\nRange: bytes=4-\r\n"));
    }

    [Test]
    public async Task An_answer_of_where_the_slave_led_is_refused(CancellationToken deadline)
    {
        var elsewhere = Encoding.ASCII.GetBytes($"HTTP/1.1 307 Elsewhere\r\nLocation: http://{_listener.LocalEndpoint}/meta-data\r\n"
            + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        var secret = Encoding.ASCII.GetBytes(Head + "0123456789");
        var server = ServeAsync(deadline, elsewhere, secret, elsewhere, secret);

        await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.CleanAsync(deadline));
        var refusal =
            await Assert.ThrowsAsync<SlaveProtocolException>(() => _client.OpenFileAsync("buildlog", cancellationToken: deadline));

        Assert.That(refusal!.Message, Does.Contain("the slave has led elsewhere").And.Contain("AllowAutoRedirect"));
        await server;
    }

    /// <summary>Answers one request per connection with these bytes and closes; gives the requests.</summary>
    private async Task<IReadOnlyList<string>> ServeAsync(CancellationToken deadline, params byte[][] answers)
    {
        var requests = new List<string>();
        foreach (var answer in answers)
        {
            using var connection = await _listener.AcceptTcpClientAsync(deadline);
            var stream = connection.GetStream();
            requests.Add(await ReadRequestAsync(stream, deadline));
            await stream.WriteAsync(answer, deadline);
        }

        return requests;
    }

    private static async Task<string> ReadRequestAsync(NetworkStream stream, CancellationToken deadline)
    {
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!IsWhole(request.ToString()))
            request.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, deadline)));
        return request.ToString();
    }

    private static bool IsWhole(string request) => request.StartsWith("GET", StringComparison.Ordinal)
        ? request.EndsWith("\r\n\r\n", StringComparison.Ordinal)
        : request.EndsWith("</methodCall>\n", StringComparison.Ordinal);
}
