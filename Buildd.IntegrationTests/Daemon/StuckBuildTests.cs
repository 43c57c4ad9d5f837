using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Daemon;

/// <summary>A build that does not end: its mount is busy for as long as the test wants.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class StuckBuildTests : IAsyncDisposable
{
    private readonly DaemonProcess _daemon = new();
    private readonly HttpClient _http = new();

    private string Mount => Path.Combine(_daemon["home"], "build-PLUGIN-1", "work", "m");

    private SlaveClient Client => new(_http, new SlaveClientOptions { Url = _daemon.Url });

    public async ValueTask DisposeAsync()
    {
        Mounts.TryUnmount(Mount);
        await _daemon.DisposeAsync();
        _http.Dispose();
    }

    [Test]
    public async Task An_aborted_build_that_does_not_end_ends_the_slave_and_the_next_one_cleans_up()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for a mount");
        Directory.CreateDirectory(_daemon["backends.d"]);
        await Executable.WriteAsync(
            _daemon["busy"], "#!/bin/sh\nset -e\nmkdir m\nmount -t tmpfs none m\n: > m/file\necho mounted\nexec sleep 1000\n");
        await File.WriteAllTextAsync(_daemon["backends.d/busy.conf"], $"[backend]\ntag = busy\ncommand = {_daemon["busy"]}\n");
        var configuration = _daemon.Configuration($"backends = {_daemon["backends.d"]}");
        await _daemon.StartAsync(_daemon.Command($"{configuration}abortdeadline = 1\n"));
        await BuildAsync();
        await Until.TrueAsync(() => File.Exists(Path.Combine(Mount, "file")));
        await using (File.OpenRead(Path.Combine(Mount, "file")))
        {
            await Client.AbortAsync();
            Assert.That(await _daemon.EndAsync(), Is.EqualTo(75));
        }

        Assert.That(_daemon.Output, Does.Contain("critical").And.Contain("does not end: this slave can take no build any more"));
        await _daemon.StartAsync(_daemon.Command(configuration));
        var status = await Until.SeenAsync(() => Client.StatusAsync(), found => found.Status == BuilderStatus.Waiting);
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(Directory.GetDirectories(_daemon["home"], "build-*"), Is.Empty);
        await Client.CleanAsync();
        await _daemon.SignalAsync("TERM");
        await _daemon.EndAsync();
    }

    private async Task BuildAsync()
    {
        const string Sum = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; // of nothing
        await File.WriteAllTextAsync(_daemon[$"filecache/{Sum}"], "");
        await Client.BuildAsync(new BuildCall
        {
            BuildId = "PLUGIN-1",
            Builder = "busy",
            ChrootSha1 = Sum,
            FileMap = new Dictionary<string, string>(),
            Arguments = new XmlRpcStruct { ["series"] = "bookworm" },
        });
    }
}
