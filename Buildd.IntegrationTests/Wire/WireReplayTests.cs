using System.Text;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// The exchanges recorded from the reference, sent over a real socket to a whole slave: status, content type, length and
/// every byte of the body are the reference's.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public class WireReplayTests
{
    /// <summary>Encoding, <c>echo</c>, <c>info</c> and faults. The other exchanges need kinds of builds and states of their own.</summary>
    internal static IEnumerable<WireCase> Replayed => WireCase.All.Where(exchange =>
        ((string[])["echo-", "info", "status-idle", "fault-"]).Any(prefix => exchange.Name.StartsWith(prefix, StringComparison.Ordinal)));

    private static IEnumerable<WireCase> Same => Replayed.Where(exchange => !Deviations.Contains(exchange.Name));

    private static IEnumerable<WireCase> Different => Replayed.Where(exchange => Deviations.Contains(exchange.Name));

    [TestCaseSource(nameof(Same))]
    public async Task The_answer_has_the_reference_s_bytes(WireCase exchange)
    {
        await using var slave = await PrepareAsync(exchange.Name);

        var answer = await slave.SendAsync(exchange.Request);

        var (ourHead, ourBody) = WireCase.Split(answer);
        var (head, body) = WireCase.Split(exchange.Response);
        Assert.That(Encoding.UTF8.GetString(ourBody), Is.EqualTo(Encoding.UTF8.GetString(body)));
        Assert.That(ourBody, Is.EqualTo(body));
        Assert.That(Relied(ourHead), Is.EquivalentTo(Relied(head)));
    }

    [TestCaseSource(nameof(Different))]
    public async Task The_answer_differs_on_purpose(WireCase exchange)
    {
        await using var slave = await PrepareAsync(exchange.Name);

        var answer = await slave.SendAsync(exchange.Request);

        var ours = Deviations.Get(exchange.Name);
        Assert.That(Encoding.UTF8.GetString(answer), Does.StartWith($"HTTP/1.1 {ours.Status} ").And.Contain(ours.Ours), ours.Why);
        Assert.That(WireCase.Split(answer).Body, Is.Not.EqualTo(exchange.ResponseBody), Deviations.IsNone);
    }

    /// <summary>Brings a slave to where the reference was when the exchange was recorded.</summary>
    private static async Task<SlaveInProcess> PrepareAsync(string name)
    {
        var slave = await SlaveInProcess.StartAsync(name == "status-idle-unpackaged" ? null : "254");
        switch (name)
        {
            case "fault-clean-building":
                await slave.BuildAsync("binarypackage");
                break;
            case "fault-proxy-info-charm":
                await slave.BuildAsync("charm");
                break;
            case "fault-clean-twice" or "fault-clean-file-gone-again":
                await slave.BuildAsync("binarypackage");
                await slave.FinishAsync();
                await slave.Client.CleanAsync();
                break;
            case "fault-clean-file-gone":
                await slave.BuildAsync("binarypackage");
                await slave.FinishAsync();
                File.Delete(Path.Combine(slave.CacheDirectory, (await slave.Client.StatusAsync()).FileMap!["result.txt"]));
                break;
        }

        return slave;
    }

    /// <summary>The status line and the fields that a client can rely on; their order is the server's own affair.</summary>
    private static IEnumerable<string> Relied(string head) =>
        head.Split("\r\n")
            .Where(line => line.StartsWith("HTTP/", StringComparison.Ordinal) || line.StartsWith("Content-", StringComparison.Ordinal));
}
