using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Clients that people really have, against a whole slave on a real socket.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public class ClientsTests
{
    /// <summary>Debian's own, whatever else is first in the path: it is the one that has Debian's packages.</summary>
    private const string Python = "/usr/bin/python3";

    [Test]
    public async Task Python_s_own_client_drives_a_build()
    {
        Machine.Require(File.Exists(Python), Python);
        await using var slave = await SlaveInProcess.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(slave.CacheDirectory, "c1d80674d731fd6af61ded171202b8424147b17b"), "stands for a chroot");
        var script = Scripts.Text(typeof(ClientsTests), "Wire/standard-client.py");

        var text = await ProcessRunner.CaptureAsync(Command.Of(Python, "-c", script, slave.Url.ToString()));

        Assert.That(text, Is.EqualTo(
            """
            ['BuilderStatus.BUILDING', 'B-1']
            BuilderStatus.ABORTING
            [('build_id', 'B-1'), ('build_status', 'BuildStatus.ABORTED'), ('builder_status', 'BuilderStatus.WAITING'), ('builder_version', '254')]
            BuilderStatus.IDLE
            8002 error

            """));
    }

    [Test]
    public async Task Twisted_s_proxy_drives_a_build()
    {
        await RequireTwistedAsync();
        using var folder = new TemporaryDirectory();
        await using var files = await FileServer.StartAsync();
        await using var slave = await SlaveInProcess.StartAsync();
        await File.WriteAllTextAsync(folder["chroot"], "stands for a chroot");
        var chroot = await files.AddAsync(folder["chroot"]);
        var script = Scripts.Text(typeof(ClientsTests), "Wire/twisted-client.py");

        var text = await ProcessRunner.CaptureAsync(
            Command.Of(Python, "-c", script, slave.Url.ToString(), chroot.Sha1.ToString(), chroot.Url!));

        Assert.That(text, Is.EqualTo(
            """
            ['ping', None, 'grüß']
            1.0
            [True, 'Download']
            [True, 'Cache']
            {'builder_status': 'BuilderStatus.IDLE', 'builder_version': '254'}
            ['BuilderStatus.BUILDING', 'B-1']
            True
            BuilderStatus.ABORTING
            BuildStatus.ABORTED
            200 True
            BuilderStatus.IDLE
            8002 error

            """));
    }

    [Test]
    public async Task Python_s_own_client_keeps_its_connection_and_is_never_sent_gzip()
    {
        Machine.Require(File.Exists(Python), Python);
        await using var slave = await SlaveInProcess.StartAsync();
        var script = Scripts.Text(typeof(ClientsTests), "Wire/keeping-client.py");

        Assert.That(await ProcessRunner.CaptureAsync(Command.Of(Python, "-c", script, slave.Url.ToString())), Is.EqualTo("40 1\n"));
    }

    [TestCase]
    [TestCase("--http1.0")]
    [TestCase("-H", "Expect: 100-continue")]
    [TestCase("-H", "Transfer-Encoding: chunked")]
    [TestCase("-H", "Accept-Encoding: gzip", "-H", "Content-Type: text/plain")]
    public async Task Curl_makes_a_call(params string[] options)
    {
        Machine.Require(File.Exists("/usr/bin/curl"), "/usr/bin/curl");
        await using var slave = await SlaveInProcess.StartAsync();

        var text = await ProcessRunner.CaptureAsync(Command
            .Of("/usr/bin/curl", "-sS", "-d", "<methodCall><methodName>echo</methodName></methodCall>", $"{slave.Url}rpc")
            .With(options));

        Assert.That(text, Is.EqualTo(
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n</data></array></value>\n</param>\n"
                + "</params>\n</methodResponse>\n"));
    }

    [Test]
    public async Task Our_own_client_drives_a_build_and_reads_its_result()
    {
        await using var slave = await SlaveInProcess.StartAsync();
        var client = slave.Client;

        Assert.That(await client.EchoAsync([new XmlRpcString("ping")]), Has.Count.EqualTo(1));
        await slave.BuildAsync("livefs");
        await slave.FinishAsync();
        var status = await client.StatusAsync();
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok));

        await using var file = await client.OpenFileAsync(status.FileMap!["result.txt"]);
        using var reader = new StreamReader(file.Content);
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("a result"));
        Assert.That((await client.CleanAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task Status_is_answered_while_a_file_is_fetched()
    {
        await using var slave = await SlaveInProcess.StartAsync();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://{listener.LocalEndpoint}/file";
        var fetching = slave.Client.EnsurePresentAsync(new EnsurePresentCall { Sha1 = new string('0', 40), Url = url });
        using var connection = await listener.AcceptTcpClientAsync();

        var status = await slave.Client.StatusAsync();

        Assert.That(status.Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(fetching.IsCompleted, Is.False);
        await connection.GetStream().WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        Assert.That(await fetching, Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: HTTP Error 404: Not Found")));
    }

    [TestCase("bytes=2-4", 206, "res")]
    [TestCase("bytes=-3", 206, "ult")]
    [TestCase("bytes=8-", 416, "")]
    [TestCase(null, 200, "a result")]
    public async Task Curl_gets_parts_of_a_result(string? range, int status, string content)
    {
        Machine.Require(File.Exists("/usr/bin/curl"), "/usr/bin/curl");
        await using var slave = await SlaveInProcess.StartAsync();
        await slave.BuildAsync("livefs");
        await slave.FinishAsync();
        var sha1 = (await slave.Client.StatusAsync()).FileMap!["result.txt"];

        var text = await ProcessRunner.CaptureAsync(Command
            .Of("/usr/bin/curl", "-s", "-w", "\n%{http_code}", $"{slave.Url}filecache/{sha1}")
            .With(range is null ? [] : ["-H", $"Range: {range}"]));

        Assert.That(text, Is.EqualTo($"{content}\n{status}"));
    }

    [TestCase("filecache/../home/")]
    [TestCase("filecache/%2e%2e/home")]
    [TestCase("filecache/..%2fhome")]
    [TestCase("filecache/%2fetc%2fpasswd")]
    [TestCase("filecache/a%00b")]
    [TestCase("filecache/")]
    [TestCase("")]
    public async Task Nothing_but_sums_and_the_log_is_served(string path)
    {
        Machine.Require(File.Exists("/usr/bin/curl"), "/usr/bin/curl");
        await using var slave = await SlaveInProcess.StartAsync();

        var code = await ProcessRunner.CaptureAsync(
            Command.Of("/usr/bin/curl", "-s", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", $"{slave.Url}{path}"));

        Assert.That(code, Is.EqualTo("404").Or.EqualTo("400"));
    }

    private static async Task RequireTwistedAsync()
    {
        Machine.Require(File.Exists(Python), Python);
        var found = await ProcessRunner.CaptureAsync(
            Command.Of(Python, "-c", "import importlib.util; print(importlib.util.find_spec('twisted') is not None)"));
        Machine.Require(found == "True\n", "the package python3-twisted");
    }
}
