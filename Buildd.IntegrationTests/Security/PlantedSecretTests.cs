using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Security;

/// <summary>
/// Secrets that a master hands over, and that a build prints in every way it can think of, are in no file below the slave's
/// folders at any moment, and in nothing that the slave sends.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed partial class PlantedSecretTests : IAsyncDisposable
{
    private const string Password = "Hush/Pass#9ord:q7ZkX2vB";
    private const string Token = "tok-4rQz81LmNwYb7UeDs0Ka";
    private const string Marker = "this is no secret";

    private readonly PlugInSlave _slave = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The secrets in every spelling that is looked for; of base64 the part that its neighbours do not change.</summary>
    private static IEnumerable<string> Needles =>
        from secret in (string[])[Password, Token]
        from spelling in (string[])[secret, Uri.EscapeDataString(secret), .. Base64(secret)]
        select spelling;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _slave.DisposeAsync();
    }

    [Test]
    public async Task A_secret_is_in_no_file_and_in_nothing_that_is_sent(CancellationToken cancellationToken)
    {
        var go = Path.Combine(_slave.HomeDirectory, "..", "go");
        // It prints what it was given as it is, in two writes with a pause at several places, in base64, and in a URL; then it waits.
        _slave.Add("leaky", $"go='{go}'\n{Scripts.Text(typeof(PlantedSecretTests), "Security/leak-secrets.sh")}");
        await File.AppendAllTextAsync(_slave.ConfigurationPath, $"log = {_slave["daemon.log"]}\n", cancellationToken);
        await using var watch = new ProcessListWatch([.. Needles, "--config"]);
        await _slave.StartAsync();
        await using var forwarder = new RecordingForwarder(_slave.Url.Port);
        var client = new SlaveClient(_http, new SlaveClientOptions { Url = forwarder.Url });

        await RefuseDownloadsAsync(client, cancellationToken);
        await _slave.BuildAsync(client, "leaky", Arguments());
        var watching = _http.GetStringAsync(new Uri(forwarder.Url, "log/stream"), cancellationToken);
        StatusReply status;
        do
        {
            status = await client.StatusAsync(cancellationToken); // each with another tail
        }
        while (!Encoding.UTF8.GetString((status.LogTail ?? default).Span).Contains(Marker, StringComparison.Ordinal));
        await RequireNoFileHasAsync();

        await File.WriteAllTextAsync(go, "", cancellationToken);
        var end = await PlugInSlave.UntilAsync(client, found => found.Status == BuilderStatus.Waiting);
        Assert.That(end.BuildStatus, Is.EqualTo(BuildStatus.Ok));
        var log = await _http.GetStringAsync(new Uri(forwarder.Url, "filecache/buildlog"), cancellationToken);
        Assert.That(log, Does.Contain(Marker).And.Contain("whole: ***").And.Contain("split: ***").And.Contain("://private.example/"));
        Assert.That(await watching, Does.Contain(Marker));
        foreach (var path in (string[])["metrics", "healthz", "filecache/", "nothing"])
            (await _http.GetAsync(new Uri(forwarder.Url, path), cancellationToken)).Dispose();
        await RequireNoFileHasAsync();
        await client.CleanAsync(cancellationToken);
        await RequireNoFileHasAsync();

        var commands = await watch.StopAsync();
        Assert.That(commands, Has.Some.Contains("--config"), "the watch has seen the slave");
        Assert.That(commands.Where(line => Needles.Any(needle => line.Contains(needle, StringComparison.Ordinal))), Is.Empty);
        var sent = await forwarder.StopAsync();
        var all = sent.Select(Encoding.Latin1.GetString).SelectMany(text => Base64Values().Matches(text).Select(Decode).Prepend(text))
            .ToList();
        Assert.That(all.Any(text => text.Contains(Marker, StringComparison.Ordinal)), Is.True, "the capture has what was sent");
        Assert.That(from text in all from needle in Needles where text.Contains(needle, StringComparison.Ordinal) select needle, Is.Empty);
    }

    /// <summary>
    /// Credentials that a download is given, in the right place and in the wrong one, with servers that refuse them or are not there.
    /// </summary>
    private static async Task RefuseDownloadsAsync(SlaveClient client, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync();
        var server = listener.LocalEndpoint;
        var sum = new string('0', 40);
        EnsurePresentCall[] calls =
        [
            new() { Sha1 = sum, Url = $"http://{server}/a", UserName = "user", Password = Password },
            new() { Sha1 = sum, Url = $"http://user:{Uri.EscapeDataString(Password)}@{server}/a" },
            new() { Sha1 = sum, Url = $"gopher://user:{Token}@{server}/a", UserName = "user", Password = Token },
        ];
        foreach (var call in calls)
            Assert.That((await client.EnsurePresentAsync(call, cancellationToken)).Present, Is.False);
        await answering;

        async Task AnswerAsync()
        {
            // It says back what it was sent, as some servers do in their error pages.
            using var connection = await listener.AcceptTcpClientAsync(cancellationToken);
            using var reader = new StreamReader(connection.GetStream(), leaveOpen: true);
            while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 })
            {
                // the head of the request
            }

            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 403 no {Password} {Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Password))}\r\nContent-Length: "
                    + "0\r\n\r\n"), cancellationToken);
        }
    }

    private static XmlRpcStruct Arguments() => new()
    {
        ["series"] = "bookworm",
        ["archives"] = new XmlRpcArray([$"deb http://user:{Uri.EscapeDataString(Password)}@private.example/ bookworm main"]),
        ["service"] = new XmlRpcStruct { ["token"] = Token, ["password"] = Password },
    };

    /// <summary>Only what the plug-in's process holds has the secrets.</summary>
    private async Task RequireNoFileHasAsync()
    {
        // What is looked for is no word of this command: the list of processes is looked at too.
        var grep = Command.Of("grep", "-rlF", "--binary-files=text", "--devices=skip", "-f", "-", _slave[""]) with
        {
            StandardInput = Encoding.UTF8.GetBytes(string.Concat(Needles.Select(needle => needle + "\n"))),
        };
        var found = new StringBuilder();
        var result = await ProcessRunner.RunAsync(grep, bytes => found.Append(Encoding.UTF8.GetString(bytes)));
        Assert.That(found.ToString(), Is.Empty);
        Assert.That(result.ExitCode, Is.EqualTo(1), "grep has looked, and found nothing");
    }

    private static IEnumerable<string> Base64(string secret)
    {
        // Three alignments; what stands before and after changes two characters at most at either end.
        foreach (var before in (string[])["", "a", "ab"])
        {
            var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + secret)).TrimEnd('=');
            yield return text[(before.Length == 0 ? 0 : 4)..^4];
        }
    }

    private static string Decode(Match match) => Encoding.Latin1.GetString(Convert.FromBase64String(match.Groups[1].Value));

    [GeneratedRegex("<base64>\\s*([A-Za-z0-9+/=\\s]*)</base64>")]
    private static partial Regex Base64Values();
}
