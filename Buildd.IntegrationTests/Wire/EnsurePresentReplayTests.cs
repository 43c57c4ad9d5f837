using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Testing.Runs;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// The recorded <c>ensurepresent</c> exchanges, sent over a real socket to a whole slave that fetches from a real server:
/// the answer's bytes, the requests that go out, and what lies in the cache then are the reference's.
/// </summary>
/// <remarks>
/// What the reference's server gave was not recorded, so the sums in a request are replaced by those of our content, and its
/// address by our server's.
/// </remarks>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class EnsurePresentReplayTests : IAsyncDisposable
{
    private const string Prefix = "ensurepresent-";
    private const string RecordedServer = "127.0.0.1:8000";

    private const string Good = "what the master wants the slave to have";
    private const string During = "what the master wants the slave to have while it builds";

    /// <summary>The sums of the recording, and the content that we have for them.</summary>
    private static readonly Dictionary<string, string> Contents = new()
    {
        ["7f13f3936bf228737cb60d199ca7c74fbb754dcf"] = Good,
        ["7bfaa34d67991ce8cdf50454f861e3128f8246d0"] = During,
    };

    /// <summary>What a request may say beside whom it goes to and what it asks for.</summary>
    private static readonly string[] KnownFields = ["Host", "User-Agent", "Accept-Encoding", "Authorization", "Connection"];

    private readonly UpstreamServer _upstream;
    private readonly TaskCompletionSource _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EnsurePresentReplayTests() => _upstream = new UpstreamServer(Answer);

    internal static IEnumerable<WireCase> Replayed =>
        WireCase.All.Where(exchange => exchange.Name.StartsWith(Prefix, StringComparison.Ordinal));

    private static IEnumerable<WireCase> Same => Replayed.Where(exchange => !Deviations.Contains(exchange.Name));

    private static IEnumerable<WireCase> Different => Replayed.Where(exchange => Deviations.Contains(exchange.Name));

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();

    [TestCaseSource(nameof(Same))]
    public async Task The_answer_the_requests_and_the_cache_are_the_reference_s(WireCase exchange)
    {
        await using var slave = await PrepareAsync(exchange);

        var answer = await slave.SendAsync(Rewrite(exchange.Request));

        var (ourHead, ourBody) = WireCase.Split(answer);
        Assert.That(Encoding.UTF8.GetString(ourBody), Is.EqualTo(Encoding.UTF8.GetString(exchange.ResponseBody)));
        Assert.That(ourHead, Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contain("\r\nContent-Type: text/xml; charset=utf-8"));
        RequireUpstream(exchange);
        RequireCache(slave, exchange.Cache.Select(sum => Sha1Of(Contents[sum])));
    }

    [TestCaseSource(nameof(Different))]
    public async Task The_answer_differs_on_purpose(WireCase exchange)
    {
        await using var slave = await PrepareAsync(exchange);
        _ = ResetWhenReceivedAsync(slave);

        var answer = await slave.SendAsync(Rewrite(exchange.Request));

        var difference = Deviations.Get(exchange.Name);
        Assert.That(Encoding.UTF8.GetString(answer), Does.StartWith("HTTP/1.1 200 OK\r\n").And.Contain(difference.Ours), difference.Why);
        Assert.That(WireCase.Split(answer).Body, Is.Not.EqualTo(exchange.ResponseBody), Deviations.IsNone);
        RequireUpstream(exchange);
        RequireCache(slave, []);
    }

    [Test]
    public void Every_recorded_exchange_is_replayed()
    {
        Assert.That(Replayed.Count(), Is.EqualTo(32));
        Assert.That(
            Deviations.Names.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)),
            Is.SubsetOf(Replayed.Select(exchange => exchange.Name)));
        Assert.That(Replayed.SelectMany(exchange => exchange.UpstreamRequests).Count(), Is.GreaterThan(20));
    }

    private static async Task<SlaveInProcess> PrepareAsync(WireCase exchange)
    {
        var slave = await SlaveInProcess.StartAsync();
        if (exchange.When.StartsWith("BUILDING", StringComparison.Ordinal))
            await slave.BuildAsync("binarypackage");
        if (exchange.When.EndsWith("; in cache", StringComparison.Ordinal))
            await File.WriteAllTextAsync(Path.Combine(slave.CacheDirectory, Sha1Of(Good)), Good);
        return slave;
    }

    /// <summary>The reference's file server, as far as its answers can be told from what came of them.</summary>
    private UpstreamAnswer Answer(string head)
    {
        var path = head.Split(' ')[1];
        return path switch
        {
            "/good" => UpstreamAnswer.Of("200 OK", Good),
            "/during" => UpstreamAnswer.Of("200 OK", During),
            "/other" => UpstreamAnswer.Of("200 OK", "something else"),
            "/chunked" => UpstreamAnswer.Of(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: "
                    + $"close\r\n\r\n5\r\n{Good[..5]}\r\n{Good.Length - 5:x}\r\n{Good[5..]}\r\n0\r\n\r\n"),
            "/auth" when head.Contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n", StringComparison.Ordinal) =>
                UpstreamAnswer.Of("200 OK", Good),
            "/macaroon" when head.Contains("\r\nAuthorization: Basic Ok1BQ0FST09O\r\n", StringComparison.Ordinal) =>
                UpstreamAnswer.Of("200 OK", Good),
            "/auth" or "/macaroon" => UpstreamAnswer.Of("401 Unauthorized", "no", "WWW-Authenticate: Basic realm=\"files\"\r\n"),
            "/forbidden" => UpstreamAnswer.Of("403 Forbidden", "no"),
            "/absent" => UpstreamAnswer.Of("404 Not Found", "no"),
            "/busy" => UpstreamAnswer.Of("503 Slow Down Please", "no"),
            "/short" => UpstreamAnswer.Of($"HTTP/1.1 200 OK\r\nContent-Length: {Good.Length}\r\nConnection: close\r\n\r\n{Good[..7]}"),
            "/reset" => UpstreamAnswer.Of(
                $"HTTP/1.1 200 OK\r\nContent-Length: {Good.Length}\r\nConnection: close\r\n\r\n{Good[..7]}") with
            { Reset = _reset.Task },
            "/moved" => UpstreamAnswer.Of("302 Found", "", "Location: /good\r\n"),
            "/loop" => UpstreamAnswer.Of("302 Found", "", $"Location: {_upstream.Url("/loop")}\r\n"),
            "/garbage" => UpstreamAnswer.Of("this is not HTTP\n"),
            _ => UpstreamAnswer.Of("500 Nobody expected this", ""),
        };
    }

    private async Task ResetWhenReceivedAsync(SlaveInProcess slave)
    {
        await Until.TrueAsync(() => Directory.EnumerateFiles(slave.CacheDirectory, "*.tmp").Any());
        _reset.SetResult();
    }

    /// <summary>Puts our server and our sums in the place of the recorded ones, and the length right.</summary>
    private byte[] Rewrite(byte[] request)
    {
        var (head, body) = WireCase.Split(request);
        var text = Encoding.UTF8.GetString(body).Replace(RecordedServer, $"127.0.0.1:{_upstream.Port}", StringComparison.Ordinal);
        foreach (var (sum, content) in Contents)
        {
            text = text
                .Replace(sum, Sha1Of(content), StringComparison.Ordinal)
                .Replace(sum.ToUpperInvariant(), Sha1Of(content).ToUpperInvariant(), StringComparison.Ordinal);
        }

        var lines = head.Split("\r\n").Select(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(text)}")
            : line);
        return Encoding.UTF8.GetBytes($"{string.Join("\r\n", lines)}\r\n\r\n{text}");
    }

    private void RequireUpstream(WireCase exchange)
    {
        var ours = _upstream.Requests;
        // What may be a passing trouble is tried again, which the reference does not do.
        var retried = exchange.Name is "ensurepresent-503-reason" or "ensurepresent-reset"
            ? Enumerable.Repeat(exchange.Upstream[^1], 4)
            : [];
        Assert.That(ours.Select(request => request.Split("\r\n")[0]), Is.EqualTo(exchange.Upstream.Concat(retried)));
        foreach (var (our, recorded) in ours.Zip(exchange.UpstreamRequests))
        {
            foreach (var name in (string[])["Authorization", "Accept-Encoding"])
                Assert.That(Fields(our).GetValueOrDefault(name), Is.EqualTo(Fields(recorded).GetValueOrDefault(name)), name);
            Assert.That(Fields(our)["Host"], Is.EqualTo($"127.0.0.1:{_upstream.Port}"));
            Assert.That(Fields(our).Keys, Is.SubsetOf(KnownFields));
        }
    }

    private static void RequireCache(SlaveInProcess slave, IEnumerable<string> sums) => Assert.That(
        Directory.EnumerateFileSystemEntries(slave.CacheDirectory).Select(Path.GetFileName)
            .Except(["buildlog", "c1d80674d731fd6af61ded171202b8424147b17b", Sha1Of("a result")]),
        Is.EquivalentTo(sums));

    private static Dictionary<string, string> Fields(string head) => head
        .Split("\r\n").Skip(1).Where(line => line.Length > 0)
        .ToDictionary(
            line => line[..line.IndexOf(':', StringComparison.Ordinal)], line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]
                .Trim());

    private static string Sha1Of(string content) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(content)));
}
