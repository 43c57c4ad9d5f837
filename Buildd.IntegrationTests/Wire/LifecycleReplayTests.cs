using System.Text;
using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Wire.Scenarios;
using Buildd.Protocol.Messages;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// The exchanges recorded from the reference that are about builds: <c>build</c>, <c>status</c>, <c>abort</c>,
/// <c>clean</c>, <c>proxy_info</c>, and the log and the results in the file cache. A scripted build does what the recorded
/// one did; the recorded request is sent over a real socket, and each byte of the answer compared.
/// </summary>
/// <remarks>Masked are the times in the log, whose length is fixed. See <see cref="StandIns"/> for some sums.</remarks>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public partial class LifecycleReplayTests
{
    private const string MaskedTime = "[Thu Jan  1 00:00:00 1970]";

    private static readonly Dictionary<string, Func<Scene, Task>> Scenarios =
        new(PackageScenarios.Table.Concat(OtherScenarios.Table));

    /// <summary>The names of all exchanges that are replayed here.</summary>
    internal static IEnumerable<string> Names => Scenarios.Keys.Where(name => !OpenCases.Table.ContainsKey(name));

    private static IEnumerable<WireCase> Open => OpenCases.Table.Keys.Where(HasScenario).Select(WireCase.Get);

    private static IEnumerable<WireCase> Same => Names.Where(name => !Deviations.Contains(name)).Select(WireCase.Get);

    private static IEnumerable<WireCase> Different => Names.Where(Deviations.Contains).Select(WireCase.Get);

    [TestCaseSource(nameof(Same))]
    public async Task The_answer_has_the_reference_s_bytes(WireCase exchange)
    {
        await using var scene = await Scene.StartAsync();
        await Scenarios[exchange.Name](scene);

        var answer = await scene.SendAsync(exchange);

        RequireSame(answer, StandIns.PutInto(exchange.Response));
        if (exchange.Name.StartsWith("build-", StringComparison.Ordinal) && exchange.Name != "build-ok")
            await RequireUnchangedAsync(scene, exchange);
    }

    [TestCaseSource(nameof(Different))]
    public async Task The_answer_differs_on_purpose(WireCase exchange)
    {
        var difference = Deviations.Get(exchange.Name);
        await using var scene = await Scene.StartAsync();
        await Scenarios[exchange.Name](scene);

        var answer = await scene.SendAsync(exchange);

        var (head, body) = WireCase.Split(answer);
        var recorded = WireCase.Split(StandIns.PutInto(exchange.Response)).Body;
        Assert.That(head, Does.StartWith($"HTTP/1.1 {difference.Status} "), difference.Why);
        Assert.That(Masked(body), Does.Contain(difference.Ours), difference.Why);
        Assert.That(Masked(body), Is.Not.EqualTo(Masked(recorded)), Deviations.IsNone);
        if (difference.Turn(Masked(recorded)) is { } turned)
            Assert.That(Masked(body), Is.EqualTo(turned), "Nothing else may differ.");
    }

    [TestCaseSource(nameof(Open))]
    public async Task What_is_open_is_not_answered_as_by_the_reference(WireCase exchange)
    {
        await using var scene = await Scene.StartAsync();
        await Scenarios[exchange.Name](scene);

        var answer = await scene.SendAsync(exchange);

        Assert.That(
            Masked(WireCase.Split(answer).Body), Is.Not.EqualTo(Masked(WireCase.Split(StandIns.PutInto(exchange.Response)).Body)),
            "It is not open any more: take it off the table.");
    }

    /// <summary>Whether it is known here how to bring a slave to where the reference was.</summary>
    internal static bool HasScenario(string name) => Scenarios.ContainsKey(name);

    /// <summary>A call that is refused leaves the slave as it was.</summary>
    private static async Task RequireUnchangedAsync(Scene scene, WireCase exchange)
    {
        var status = await scene.Slave.Client.StatusAsync();

        var (expected, id) = exchange.When switch
        {
            "BUILDING" => (BuilderStatus.Building, "PACKAGEBUILD-1"),
            "WAITING" => (BuilderStatus.Waiting, "PACKAGEBUILD-1"),
            "ABORTING" => (BuilderStatus.Aborting, "PACKAGEBUILD-1"),
            _ => (BuilderStatus.Idle, (string?)null),
        };
        Assert.That((status.Status, status.BuildId), Is.EqualTo((expected, id)));
        if (exchange.When == "BUILDING")
            Assert.That(Encoding.UTF8.GetString(status.LogTail!.Value.Span), Does.EndWith("a short log\n"));
    }

    private static void RequireSame(byte[] answer, byte[] recorded)
    {
        var (ourHead, ourBody) = WireCase.Split(answer);
        var (head, body) = WireCase.Split(recorded);
        Assert.Multiple(() =>
        {
            Assert.That(Relied(ourHead), Is.EquivalentTo(Relied(head)));
            Assert.That(Masked(ourBody), Is.EqualTo(Masked(body)));
        });
    }

    /// <summary>
    /// The status line and the fields that a client can rely on; their order is the server's own affair. What keeps a log from being a
    /// program is ours, and browsers know it only.
    /// </summary>
    private static IEnumerable<string> Relied(string head) => head.Split("\r\n")
        .Where(
            line => ((string[])["HTTP/", "Content-", "Accept-Ranges", "Last-Modified"])
                .Any(start => line.StartsWith(start, StringComparison.Ordinal))
                && !line.StartsWith("Content-Security-Policy", StringComparison.Ordinal))
        .Select(line => line.StartsWith("Last-Modified", StringComparison.Ordinal) ? "Last-Modified: *" : line);

    /// <summary>A body with the times of the log masked: in the open, and in base64, which then stands there decoded.</summary>
    private static string Masked(byte[] body) => Time().Replace(
        Base64().Replace(Encoding.Latin1.GetString(body), match =>
        {
            var data = Convert.FromBase64String(match.Groups[1].Value);
            var lines = Convert.ToBase64String(data).Chunk(76).Select(line => new string(line) + "\n");
            Assert.That(match.Groups[1].Value, Is.EqualTo(string.Concat(lines)), "lines of 76 characters");
            return $"<base64>{Encoding.Latin1.GetString(data)}</base64>";
        }),
        MaskedTime);

    [GeneratedRegex(@"(?<=<base64>\n)([^<]*)(?=</base64>)")]
    private static partial Regex Base64();

    [GeneratedRegex(@"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4}\]")]
    private static partial Regex Time();
}
