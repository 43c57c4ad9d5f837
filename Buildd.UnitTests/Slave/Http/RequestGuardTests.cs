using System.Net;
using System.Text;
using Buildd.Slave.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>What browsers send for pages of other sites, and what is cut apart in two ways.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RequestGuardTests
{
    private const string Loopback = "127.0.0.1";

    [TestCase("Origin", "http://evil.example")]
    [TestCase("Origin", "null")]
    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Sec-Fetch-Site", "same-site")]
    public async Task A_call_that_a_page_has_a_browser_make_is_refused(string name, string value)
    {
        var (status, body) = await AskAsync("POST", Loopback, (name, value), ("Host", "localhost:8221"), ("Content-Type", "text/plain"));

        Assert.That(status, Is.EqualTo(403));
        Assert.That(body, Does.Contain("for programs").And.Contain("for a page"));
    }

    [TestCase("POST", "Host", "localhost:8221")]
    [TestCase("POST", "Host", "127.0.0.1:8221")]
    [TestCase("POST", "Host", "127.0.0.2")]
    [TestCase("POST", "Host", "[::1]:8221")]
    [TestCase("POST", "Host", "LOCALHOST.")]
    [TestCase("POST", "Host", "builder.localhost")]
    [TestCase("POST", "Host", "")]
    [TestCase("POST", "Sec-Fetch-Site", "none")]
    [TestCase("POST", "Sec-Fetch-Site", "same-origin")]
    [TestCase("POST", "Content-Type", "application/x-www-form-urlencoded")]
    [TestCase("GET", "Sec-Fetch-Site", "cross-site")]
    [TestCase("GET", "Origin", "http://farm.example")]
    public async Task What_programs_send_and_who_looks_at_a_log_is_not(string method, string name, string value) =>
        Assert.That((await AskAsync(method, Loopback, (name, value))).Status, Is.EqualTo(299));

    [TestCase("POST", "127.0.0.1", "evil.example", 403)]
    [TestCase("GET", "127.0.0.1", "evil.example:8221", 403)]
    [TestCase("GET", "::1", "evil.example", 403)]
    [TestCase("GET", "127.0.0.1", "evillocalhost", 403)]
    [TestCase("GET", "127.0.0.1", "localhost.evil.example", 403)]
    [TestCase("GET", "192.0.2.7", "builder.example", 299)]
    [TestCase("GET", null, "builder.example", 299)]
    public async Task A_name_that_was_given_the_address_of_loopback_is_refused(string method, string? local, string host, int expected)
    {
        var (status, body) = await AskAsync(method, local, ("Host", host));

        Assert.That(status, Is.EqualTo(expected));
        Assert.That(body, expected == 403 ? Does.Contain("use 127.0.0.1 or localhost") : Is.Empty);
    }

    [Test]
    public async Task A_machines_own_name_is_not() =>
        Assert.That((await AskAsync("GET", Loopback, ("Host", Dns.GetHostName()))).Status, Is.EqualTo(299));

    [Test]
    public async Task A_length_beside_chunks_is_a_bad_request()
    {
        // as the server passes it on
        var (status, body) = await AskAsync("POST", null, ("Transfer-Encoding", "chunked"), ("X-Content-Length", "5"));

        Assert.That(status, Is.EqualTo(400));
        Assert.That(body, Does.Contain("this one has both"));
    }

    private static async Task<(int Status, string Body)> AskAsync(
        string method, string? local, params (string Name, string Value)[] headers)
    {
        var exchange = new HttpExchange(method);
        exchange.Context.Connection.LocalIpAddress = local is null ? null : IPAddress.Parse(local);
        foreach (var (name, value) in headers)
            exchange.Context.Request.Headers[name] = value;
        await RequestGuard.Before(http =>
        {
            http.Response.StatusCode = 299;
            return Task.CompletedTask;
        })(exchange.Context);
        return (exchange.Response.StatusCode, Encoding.UTF8.GetString(exchange.Body));
    }
}
