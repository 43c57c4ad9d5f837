using System.Globalization;
using System.Text;
using Buildd.Slave.Http;
using Buildd.Testing.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>What of HTTP no recording has: limits at their edge, hostile paths, and what goes on between two requests.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public class HttpTests
{
    private const string Call = "<methodCall><methodName>echo</methodName></methodCall>";

    private static CancellationToken Deadline => TestContext.CurrentContext.CancellationToken;

    [TestCase("PUT /rpc HTTP/1.1", 501)]
    [TestCase("PATCH /rpc/below HTTP/1.1", 501)]
    [TestCase("HEAD /rpc/ HTTP/1.1", 405)]
    [TestCase("GET /Filecache/buildlog HTTP/1.1", 404)]
    [TestCase("GET /rpcx HTTP/1.1", 404)]
    [TestCase("DELETE /nosuch HTTP/1.1", 404)]
    [TestCase("POST /filecache HTTP/1.1", 405)]
    [TestCase("GET /%66ilecache HTTP/1.1", 302)]
    [TestCase("OPTIONS * HTTP/1.1", 200)]
    [TestCase("GET http://elsewhere.example/rpc HTTP/1.1", 400)] // the reference: 404; a Host that is another is a 400 by RFC 9112
    [TestCase("GET * HTTP/1.1", 405)] // these two are the server's own, with the method that such a target is for
    [TestCase("GET rpc HTTP/1.1", 405)]
    [TestCase("CONNECT secret:443 HTTP/1.1", 400)]
    public async Task Every_method_and_path_has_an_answer(string line, int status)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(slave, $"{line}\r\nHost: localhost\r\n\r\n", isHead: line.StartsWith("HEAD", StringComparison.Ordinal));

        Assert.That(answer?.Status, Is.EqualTo(status));
    }

    [TestCase("/filecache/../secret")]
    [TestCase("/filecache/./../secret")]
    [TestCase("/filecache/%2e%2e/secret")]
    [TestCase("/filecache/%2E%2E%2Fsecret")]
    [TestCase("/filecache/..%2fsecret")]
    [TestCase("/filecache/..%5csecret")]
    [TestCase("/filecache/%252e%252e%252fsecret")]
    [TestCase("/filecache/%c0%ae%c0%ae%c0%afsecret")]
    [TestCase("/filecache/..;/secret")]
    [TestCase("/filecache//../secret")]
    [TestCase("/filecache/%00/../secret")]
    [TestCase("/filecache/buildlog/../../secret")]
    [TestCase("/filecache/%ff")]
    [TestCase("/filecache/link")]
    [TestCase("/filecache/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("/filecache/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/secret")]
    [TestCase("/rpc/../filecache/../secret")]
    public async Task No_path_leads_out_of_the_cache(string path)
    {
        await using var slave = await SlaveInProcess.StartAsync();
        var outside = Path.Combine(slave.CacheDirectory, "..");
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "the secret");
        File.CreateSymbolicLink(Path.Combine(slave.CacheDirectory, "link"), Path.Combine(outside, "secret"));
        File.CreateSymbolicLink(Path.Combine(slave.CacheDirectory, new string('a', 40)), outside);

        var answer = await AskAsync(slave, $"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.That(answer?.Status, Is.EqualTo(404).Or.EqualTo(400));
        Assert.That(Encoding.Latin1.GetString(answer!.Body), Does.Not.Contain("the secret"));
    }

    [TestCase(499, 200)] // and Content-Length
    [TestCase(500, 431)]
    public async Task Header_fields_are_counted(int count, int status)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var fields = string.Concat(Enumerable.Repeat("X: 1\r\n", count - 1));
        var answer = await AskAsync(slave, $"POST /rpc HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That(answer?.Status, Is.EqualTo(status));
    }

    [TestCase(16000, 200)]
    [TestCase(16384, 431)]
    public async Task Header_fields_are_measured(int length, int status)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(
            slave, $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', length)}\r\nContent-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That(answer?.Status, Is.EqualTo(status));
    }

    [TestCase(16000, 200)]
    [TestCase(16384, 414)]
    public async Task The_request_line_is_measured(int length, int status)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(
            slave, $"POST /rpc?{new string('x', length)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That(answer?.Status, Is.EqualTo(status));
    }

    [TestCase("Content-Length: 5\r\nContent-Length: 6\r\n")]
    [TestCase("Content-Length: 99999999999999999999\r\n")]
    [TestCase("Transfer-Encoding: chunked, gzip\r\n")]
    public async Task A_length_that_is_ambiguous_is_refused(string fields)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(slave, $"POST /rpc HTTP/1.1\r\nHost: localhost\r\n{fields}\r\nhello!");

        Assert.That(answer?.Status, Is.EqualTo(400));
        Assert.That(answer!.Field("Connection"), Is.EqualTo("close"));
    }

    /// <summary>
    /// As the reference, and as RFC 9112 section 6.3 lets a server do: a proxy in between may have gone by the length.
    /// </summary>
    [Test]
    public async Task A_length_beside_chunks_is_refused_and_the_connection_ends()
    {
        await using var slave = await SlaveInProcess.StartAsync();
        var chunk = $"{Call.Length:x}\r\n{Call}\r\n0\r\n\r\n";

        var answer = await AskAsync(
            slave, $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");

        Assert.That((answer?.Status, answer?.Field("Connection")), Is.EqualTo((400, "close")));
    }

    /// <summary>
    /// The reference answers the first and has no resource for the second; RFC 9112 sections 3.2 and 3.2.2 want it the other way round.
    /// </summary>
    [TestCase("POST /rpc HTTP/1.1\r\n", 400)]
    [TestCase("POST http://localhost/rpc HTTP/1.1\r\nHost: localhost\r\n", 200)]
    public async Task A_host_is_required_and_may_stand_in_the_target(string head, int status)
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(slave, $"{head}Content-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That(answer?.Status, Is.EqualTo(status));
    }

    [TestCase("POST /slave/rpc", 200, null)]
    [TestCase("POST /slave/rpc/below", 200, null)]
    [TestCase("GET /slave/filecache", 302, "/slave/filecache/")]
    [TestCase("GET /slave/filecache/buildlog", 404, null)]
    [TestCase("GET /slave/rpc", 405, null)]
    [TestCase("GET /slave/RPC", 404, null)]
    [TestCase("GET /slave/page", 204, null)]
    [TestCase("GET /rpc/page", 204, null)]
    public async Task A_slave_in_another_program_takes_its_own_paths_only(string line, int status, string? location)
    {
        using var folder = new TemporaryDirectory();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddBuilddSlave(options =>
        {
            (options.ArchitectureTag, options.FileCacheDirectory, options.WorkDirectory) = ("amd64", folder.Path, folder.Path);
            options.Backends.Add(new ScriptedBackend("livefs"));
        });
        await using var program = builder.Build();
        program.UseRouting();
        program.MapGroup("/slave").MapBuilddSlave();
        program.MapGet("/slave/page", () => Results.NoContent());
        program.MapGet("/rpc/page", () => Results.NoContent());
        await program.StartAsync(Deadline);

        var answer = await AskAsync(
            new Uri(program.Urls.First()).Port, $"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That((answer?.Status, answer?.Field("Location")), Is.EqualTo((status, location)));
    }

    [Test]
    public async Task A_POST_without_a_length_is_an_empty_body()
    {
        await using var slave = await SlaveInProcess.StartAsync();

        var answer = await AskAsync(slave, "POST /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.That(answer?.Status, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(answer!.Body), Does.Contain("Can't deserialize input: "));
    }

    [Test]
    public async Task A_body_that_never_comes_keeps_nobody_waiting()
    {
        await using var slave = await SlaveInProcess.StartAsync();
        using var stuck = await RawConnection.OpenAsync(slave.Url.Port, Deadline);
        await stuck.SendAsync("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n<meth"u8.ToArray(), Deadline);

        var answer = await AskAsync(slave, $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Call.Length}\r\n\r\n{Call}");

        Assert.That(answer?.Status, Is.EqualTo(200));
    }

    [TestCase("HTTP/1.0")]
    [TestCase("HTTP/1.1")]
    public async Task A_large_file_comes_whole_with_its_length(string version)
    {
        const int Length = (3 << 20) + 1;
        await using var slave = await SlaveInProcess.StartAsync();
        var content = new byte[Length];
        new Random(1).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(slave.CacheDirectory, new string('a', 40)), content);

        var answer = await AskAsync(slave, $"GET /filecache/{new string('a', 40)} {version}\r\nHost: localhost\r\n\r\n");

        Assert.That(answer?.Field("Content-Length"), Is.EqualTo(Length.ToString(CultureInfo.InvariantCulture)));
        Assert.That(answer!.Field("Transfer-Encoding"), Is.Null);
        Assert.That(answer.Field("Connection"), version == "HTTP/1.0" ? Is.EqualTo("close") : Is.Null);
        Assert.That(answer.Body.AsSpan().SequenceEqual(content));
    }

    [TestCase("HTTP/1.0", null)]
    [TestCase("HTTP/1.1", "chunked")]
    public async Task A_list_has_no_length_and_is_chunked_for_those_who_know_chunks(string version, string? coding)
    {
        const int Files = 2000;
        await using var slave =
            await SlaveInProcess.StartAsync(configure: options => options.Endpoints = options.Endpoints with { FileListing = true });
        for (var i = 0; i < Files; i++)
            await File.WriteAllBytesAsync(Path.Combine(slave.CacheDirectory, i.ToString("x40", CultureInfo.InvariantCulture)), []);

        var answer = await AskAsync(slave, $"GET /filecache/ {version}\r\nHost: localhost\r\n\r\n");

        Assert.That((answer?.Status, answer?.Field("Transfer-Encoding")), Is.EqualTo((200, coding)));
        var rows = Encoding.UTF8.GetString(answer!.Body).Split('\n').Count(line => line.StartsWith("<tr><td>", StringComparison.Ordinal));
        Assert.That(rows, Is.EqualTo(Files));
    }

    private static Task<RawAnswer?> AskAsync(SlaveInProcess slave, string request, bool isHead = false) =>
        AskAsync(slave.Url.Port, request, isHead);

    private static async Task<RawAnswer?> AskAsync(int port, string request, bool isHead = false)
    {
        using var connection = await RawConnection.OpenAsync(port, Deadline);
        await connection.SendAsync(Encoding.Latin1.GetBytes(request), Deadline);
        return await connection.ReceiveAsync(isHead, Deadline);
    }
}
