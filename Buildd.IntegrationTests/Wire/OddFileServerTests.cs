using System.Security.Cryptography;
using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Answers of real file servers that are easily thought wrong, and proxies that are not to be asked.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class OddFileServerTests
{
    private const string Content = "content";

    private static readonly EnsurePresentReply Fetched = new(true, "Download");

    private static readonly string Sum =
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(Content)));

    private static IEnumerable<string> NoProxyForms => File.ReadLines(Cases.PathOf("no-proxy-forms", "no_proxy.txt"));

    [TestCase("/caf\u00e9/x", "/caf%C3%A9/x", Description = "UTF-8 as it is")]
    [TestCase("/a b.dsc", "/a%20b.dsc", Description = "a blank as it is")]
    [TestCase("/f++x_1.0~rc1%2Bdfsg-1.dsc", "/f++x_1.0~rc1%2Bdfsg-1.dsc", Description = "a plus keeps its spelling")]
    [TestCase("?renamed=1", "/file?renamed=1", Description = "only a query")]
    [TestCase("/b#fragment", "/b", Description = "a fragment is not sent")]
    [TestCase(
        "/b?X-Signature=a%2Fb%3D%3D&d=attachment%3B%20filename%3D%22x%22",
        "/b?X-Signature=a%2Fb%3D%3D&d=attachment%3B%20filename%3D%22x%22", Description = "what is signed keeps its spelling")]
    public async Task A_redirect_is_followed_to_where_it_leads(string location, string target)
    {
        await using var slave = await SlaveInProcess.StartAsync();
        await using var upstream = new UpstreamServer(head => head.StartsWith("GET /file ", StringComparison.Ordinal)
            ? UpstreamAnswer.Of("302 Found", "", $"Location: {location}\r\n")
            : UpstreamAnswer.Of("200 OK", Content));

        var reply = await slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = upstream.Url("/file") });

        Assert.That(reply, Is.EqualTo(Fetched));
        Assert.That(upstream.Requests[1], Does.StartWith($"GET {target} HTTP/1.1\r\n"));
    }

    [TestCase("HTTP/1.0 200 OK\r\n\r\ncontent", Description = "no length")]
    [TestCase("HTTP/1.1 200\r\nContent-Length: 7\r\n\r\ncontent", Description = "no reason")]
    [TestCase("HTTP/1.1 200 OK\nContent-Length: 7\n\ncontent", Description = "lines that end in LF")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;a=b\r\ncontent\r\n0\r\nX-Sum: 1\r\n\r\n")]
    [TestCase("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncontent")]
    [TestCase("HTTP/1.1 203 Non-Authoritative Information\r\nContent-Length: 7\r\n\r\ncontent")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\ncontent")]
    [TestCase("HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 7\r\n\r\ncontent", Description = "a folded field")]
    [TestCase(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/x-gzip\r\nContent-Length: 7\r\n\r\ncontent",
        Description = "the encoding of a file that is compressed itself")]
    [TestCase(
        "HTTP/1.1 200 OK\r\nETag: 1234\r\nLast-Modified: -1\r\nDate: now\r\nContent-Type: file\r\nAccept-Ranges: yes\r\n"
            + "Content-Disposition: attachment; filename=\"caf\u00e9 1.dsc\"\r\nContent-Length: 7\r\n\r\ncontent",
        Description = "fields that are not what they should be")]
    public async Task An_answer_is_taken_as_clients_of_HTTP_take_it(string answer)
    {
        await using var slave = await SlaveInProcess.StartAsync();
        await using var upstream = new UpstreamServer(_ => UpstreamAnswer.Of(answer));

        var reply = await slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = upstream.Url("/file") });

        Assert.That(reply, Is.EqualTo(Fetched));
    }

    [TestCaseSource(nameof(NoProxyForms))]
    public async Task A_host_that_needs_no_proxy_is_asked_itself(string hosts)
    {
        await using var upstream = new UpstreamServer(_ => UpstreamAnswer.Of("200 OK", Content));
        await using var slave = await SlaveDaemon.StartAsync(
            "env", "http_proxy=http://127.0.0.1:9", $"no_proxy={hosts}", Repository.Program("buildd-slave"));

        var reply = await slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = upstream.Url("/file") });

        Assert.That(reply, Is.EqualTo(Fetched));
    }
}
