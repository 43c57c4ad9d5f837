using System.Text;
using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Support;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// The recorded exchanges about HTTP itself and about the files of the cache, over a real socket: the status line, the header
/// fields, every byte of the body and whether the connection stays open are the reference's.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public partial class HttpReplayTests
{
    private const string Sum = "d2139d71f1bd02bbc83b4ed789138fa363b757e1";

    /// <summary>Asks again, to see whether a connection is open.</summary>
    private static readonly byte[] Probe = "GET /probe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <summary>Those of the file cache that need no build.</summary>
    internal static IEnumerable<WireCase> Replayed => WireCase.All.Where(exchange => IsReplayed().IsMatch(exchange.Name));

    private static IEnumerable<WireCase> Same => Replayed.Where(exchange => !Deviations.Contains(exchange.Name));

    private static IEnumerable<WireCase> Different => Replayed.Where(exchange => Deviations.Contains(exchange.Name));

    [TestCaseSource(nameof(Same))]
    public async Task The_answer_is_the_reference_s(WireCase exchange)
    {
        var (ours, recorded) = await ReplayAsync(exchange);

        Assert.That(Describe(ours, AnswerParts.All), Is.EqualTo(Describe(recorded, AnswerParts.All)));
        Assert.That(
            ours.Answers.Select(answer => Unbound(answer.Body)), Is.EqualTo(recorded.Answers.Select(answer => Unbound(answer.Body))));
    }

    [TestCaseSource(nameof(Different))]
    public async Task The_answer_differs_only_where_it_is_meant_to(WireCase exchange)
    {
        var (ours, recorded) = await ReplayAsync(exchange);
        var difference = Deviations.Get(exchange.Name);

        Assert.That(Describe(ours, difference.Same), Is.EqualTo(Describe(recorded, difference.Same)), difference.Why);
        Assert.That(ours.Answers[^1].Status, Is.EqualTo(difference.Status), difference.Why);
        Assert.That(Describe(ours, AnswerParts.All), Does.Contain(difference.Ours), difference.Why);
        Assert.That(Describe(ours, AnswerParts.All), Is.Not.EqualTo(Describe(recorded, AnswerParts.All)), Deviations.IsNone);
    }

    [Test]
    public void Every_exchange_is_replayed()
    {
        Assert.That(Same.Count() + Different.Count(), Is.EqualTo(101));
        var names = WireCase.All.Select(exchange => exchange.Name).ToHashSet();
        Assert.That(Deviations.Names.Where(name => !names.Contains(name)), Is.Empty, "deviations.json names what was never recorded.");
    }

    private static async Task<(Conversation Ours, Conversation Recorded)> ReplayAsync(WireCase exchange)
    {
        var recorded = new Conversation(await RawAnswer.ReadAllAsync(exchange.Response, IsHead(exchange)), exchange.Connection == "open");
        if (exchange.Name == "filecache-unreadable")
        {
            await using var daemon = await SlaveDaemon.StartAsync(SlaveDaemon.WithoutFileCapabilities);
            await FillAsync(Path.Combine(daemon.Directory, "filecache"));
            File.SetUnixFileMode(Path.Combine(daemon.Directory, "filecache", Sum), UnixFileMode.None);
            return (await ConverseAsync(exchange, daemon.Url.Port), recorded);
        }

        await using var slave = await SlaveInProcess.StartAsync();
        await FillAsync(slave.CacheDirectory);
        return (await ConverseAsync(exchange, slave.Url.Port), recorded);
    }

    private static async Task<Conversation> ConverseAsync(WireCase exchange, int port)
    {
        var deadline = TestContext.CurrentContext.CancellationToken;
        var isHead = IsHead(exchange);
        using var connection = await RawConnection.OpenAsync(port, deadline);
        var answers = new List<RawAnswer>();
        foreach (var piece in Pieces(exchange))
        {
            await connection.SendAsync(piece.Bytes, deadline);
            for (var i = 0; i < piece.Answers && await connection.ReceiveAsync(isHead, deadline) is { } answer; i++)
                answers.Add(answer);
            await Task.Delay(piece.Pause, deadline);
        }

        return new Conversation(answers, await IsOpenAsync(connection, deadline));
    }

    /// <summary>What is sent at once, how many answers come before the next piece is sent, and how long it is waited then.</summary>
    private static IEnumerable<(ReadOnlyMemory<byte> Bytes, int Answers, TimeSpan Pause)> Pieces(WireCase exchange)
    {
        var bytes = exchange.Request.AsMemory();
        var body = exchange.Request.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        switch (exchange.Name)
        {
            case "http-keepalive-two":
                var second = exchange.Request.AsSpan().LastIndexOf("POST "u8);
                yield return (bytes[..second], 1, default);
                yield return (bytes[second..], 1, default);
                break;
            case "http-expect-continue":
                yield return (bytes[..body], 1, default);
                yield return (bytes[body..], 1, default);
                break;
            case "http-slow-body":
                yield return (bytes[..body], 0, TimeSpan.FromMilliseconds(100));
                for (var i = body; i < bytes.Length - 1; i += 20)
                    yield return (bytes[i..Math.Min(i + 20, bytes.Length - 1)], 0, TimeSpan.FromMilliseconds(20));
                yield return (bytes[^1..], 1, default);
                break;
            case "http-pipelined-three":
                yield return (bytes, 3, default);
                break;
            default:
                yield return (bytes, 1, default);
                break;
        }
    }

    /// <summary>Lays the cache out as it was when the exchanges were recorded.</summary>
    private static async Task FillAsync(string cache)
    {
        string In(string name) => Path.Combine(cache, name);
        await File.WriteAllTextAsync(In(Sum), "0123456789abcdef\n0123456789abcdef\n0123456789abcdef\n");
        File.SetLastWriteTimeUtc(In(Sum), new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        await File.WriteAllTextAsync(In("a b&<c>.html"), "<p>page</p>\n");
        await File.WriteAllBytesAsync(In("big.bin"), new byte[3 << 20]);
        await File.WriteAllTextAsync(In("notes.txt.gz"), "\u001f\u008b not really");
        Directory.CreateDirectory(In("subdir"));
        await File.WriteAllTextAsync(In("../buildd.conf"), "not in the cache\n");
        File.CreateSymbolicLink(In("outside"), In("../buildd.conf"));
    }

    private static bool IsHead(WireCase exchange) => exchange.Request.AsSpan().StartsWith("HEAD "u8);

    /// <summary>Whether one more request is answered. Closed, the connection ends without a byte more.</summary>
    private static async Task<bool> IsOpenAsync(RawConnection connection, CancellationToken deadline)
    {
        try
        {
            await connection.SendAsync(Probe, deadline);
        }
        catch (IOException)
        {
            return false;
        }

        return await connection.ReceiveAsync(isHead: false, deadline) is { Status: 404 };
    }

    private static string Describe(Conversation conversation, AnswerParts parts)
    {
        var text = new StringBuilder();
        foreach (var answer in conversation.Answers)
        {
            if (parts.HasFlag(AnswerParts.StatusLine))
                text.Append(answer.StatusLine).Append('\n');
            if (parts.HasFlag(AnswerParts.Fields))
                text.AppendJoin('\n', answer.Fields.Where(IsReliedOn).Select(Unbound).Order(StringComparer.Ordinal)).Append('\n');
            if (parts.HasFlag(AnswerParts.Body))
                text.Append(Unbound(Encoding.Latin1.GetString(answer.Body))).Append('\n');
        }

        if (parts.HasFlag(AnswerParts.Connection))
            text.Append(conversation.IsOpen ? "open" : "closed");
        return text.ToString();
    }

    /// <summary>
    /// Their order is the server's own affair, and so are its name and its clock. Only browsers know what we add to keep a log from being
    /// a program.
    /// </summary>
    private static bool IsReliedOn(string field) =>
        !((string[])["Server:", "Date:", "Content-Security-Policy:", "X-Content-Type-Options:"])
            .Any(name => field.StartsWith(name, StringComparison.Ordinal));

    private static byte[] Unbound(byte[] body) => Encoding.Latin1.GetBytes(Unbound(Encoding.Latin1.GetString(body)));

    /// <summary>Puts a mask in the place of the boundary between parts, which is another each time and of the same length.</summary>
    private static string Unbound(string text) => Boundary().Replace(text, "$1**************");

    [GeneratedRegex("^http-|^filecache-(?!buildlog|result|input-)")]
    private static partial Regex IsReplayed();

    [GeneratedRegex("(boundary=\"|\r\n--)[0-9a-f]{14}")]
    private static partial Regex Boundary();

    private sealed record Conversation(IReadOnlyList<RawAnswer> Answers, bool IsOpen);
}
