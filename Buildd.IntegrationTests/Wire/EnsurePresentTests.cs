using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Fetching over real sockets: what no scripted web can show.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class EnsurePresentTests
{
    private const int Length = 3_000_000;

    private static readonly EnsurePresentReply Fetched = new(true, "Download");

    private static readonly byte[] Content = Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Range(0, Length / 10).Select(i => i.ToString("D10", CultureInfo.InvariantCulture))));

    private static readonly string Sum = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Content));

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_download_whose_connection_breaks_goes_on_where_it_was(bool isReset)
    {
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var slave = await SlaveInProcess.StartAsync();
        await using var upstream = new UpstreamServer(head =>
        {
            if (head.IndexOf("\r\nRange: bytes=", StringComparison.Ordinal) is var range and >= 0)
            {
                var from =
                    int.Parse(head[(range + 15)..head.IndexOf("-\r\n", range, StringComparison.Ordinal)], CultureInfo.InvariantCulture);
                return Answer(
                    $"206 Partial Content\r\nContent-Range: bytes {from}-{Length - 1}/{Length}", Length - from, Content.AsSpan(from));
            }

            var half = Answer("200 OK", Length, Content.AsSpan(0, Length / 2));
            return isReset ? half with { Reset = broken.Task } : half;
        });

        var asking = slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = upstream.Url("/file") });
        if (isReset) // the other goes on at once
            await UntilWrittenAsync(slave.CacheDirectory);
        broken.SetResult();

        Assert.That(await asking, Is.EqualTo(Fetched));
        Assert.That(upstream.Requests, Has.Count.EqualTo(2));
        Assert.That(upstream.Requests[1], Does.Contain("\r\nIf-Range: \"1\"\r\n").And.Not.Contain("\r\nRange: bytes=0-"));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(slave.CacheDirectory, Sum)), Is.EqualTo(Content));
    }

    [Test]
    public async Task Credentials_do_not_reach_the_server_that_another_leads_to()
    {
        await using var slave = await SlaveInProcess.StartAsync();
        await using var second = new UpstreamServer(_ => Answer("200 OK", Length, Content));
        await using var first =
            new UpstreamServer(_ => UpstreamAnswer.Of("302 Found", "", $"Set-Cookie: a=b\r\nLocation: {second.Url("/file")}\r\n"));

        var reply = await slave.Client.EnsurePresentAsync(
            new EnsurePresentCall { Sha1 = Sum, Url = first.Url("/file"), UserName = "user", Password = "secret" });

        Assert.That(reply, Is.EqualTo(Fetched));
        Assert.That(first.Requests.Single(), Does.Contain("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
        Assert.That(second.Requests.Single(), Does.Not.Contain("Authorization").And.Not.Contain("secret").And.Not.Contain("Cookie"));
    }

    [Test]
    public async Task A_slave_that_is_stopped_ends_its_downloads_and_leaves_nothing_of_them()
    {
        using var folder = new TemporaryDirectory();
        await using var upstream = new UpstreamServer(
            _ => Answer(
                "200 OK", Length, Content.AsSpan(0, Length / 2)) with
            { Reset = Task.Delay(Timeout.Infinite, CancellationToken.None) });
        var slave = await SlaveInProcess.StartAsync(configure: options => options.FileCacheDirectory = folder.Path);
        var asking = slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = Sum, Url = upstream.Url("/file") });
        await UntilWrittenAsync(folder.Path);

        await slave.DisposeAsync();

        Assert.That(async () => await asking, Throws.Exception);
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }

    [Test]
    public async Task A_slave_that_starts_removes_what_a_killed_one_left()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder[Sum + ".tmp"], "half");

        await using var slave = await SlaveInProcess.StartAsync(configure: options => options.FileCacheDirectory = folder.Path);

        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }

    private static UpstreamAnswer Answer(string status, int length, ReadOnlySpan<byte> body) => new(
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nETag: \"1\"\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"),
            .. body]);

    /// <summary>Waits until some of a download is on the disk.</summary>
    private static async Task UntilWrittenAsync(string folder)
    {
        await Until.TrueAsync(() => Directory.EnumerateFiles(folder, "*.tmp").Any());
    }
}
