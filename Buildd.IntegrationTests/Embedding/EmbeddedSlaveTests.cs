using System.Net;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Embedding;

/// <summary>A slave in somebody else's program.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class EmbeddedSlaveTests : IAsyncDisposable
{
    private readonly SampleProcess _sample = new(Path.Combine(AppContext.BaseDirectory, "EmbeddedSlave.dll"));

    public ValueTask DisposeAsync() => _sample.DisposeAsync();

    [Test]
    public async Task The_sample_builds_over_the_wire(CancellationToken cancellationToken)
    {
        var slave = await _sample.StartAsync();

        var (status, result) = await _sample.BuildAsync(slave, "hello.txt", "hello", cancellationToken);

        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(result, Is.EqualTo("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  hello.txt\n"));
        Assert.That(await _sample.Http.GetStringAsync("filecache/buildlog", cancellationToken), Does.Contain("  hello.txt\n"));
        Assert.That((await slave.CleanAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task The_sample_refuses_what_its_backend_refuses(CancellationToken cancellationToken)
    {
        var slave = await _sample.StartAsync();

        var call = new BuildCall
        {
            BuildId = "SAMPLE-1",
            Builder = "checksums",
            ChrootSha1 = _sample.Put("no chroot is needed"),
            FileMap = new Dictionary<string, string>(),
            Arguments = [],
        };
        Assert.That(async () => await slave.BuildAsync(call, cancellationToken), Throws.InstanceOf<SlaveFaultException>());
        Assert.That((await slave.StatusAsync(cancellationToken)).Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task The_program_s_own_routes_and_server_stay_its_own(CancellationToken cancellationToken)
    {
        await _sample.StartAsync();
        var http = _sample.Http;

        Assert.That(await http.GetStringAsync("", cancellationToken), Is.EqualTo("a page of the program's own"));
        Assert.That(await http.GetStringAsync("healthz", cancellationToken), Is.EqualTo("a state of health of the program's own"));
        Assert.That(await http.GetStringAsync("metrics", cancellationToken), Does.Contain("buildd_builder_state{state=\"idle\"} 1"));
        using var missing = await http.GetAsync("nowhere", cancellationToken);
        Assert.That(missing.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await missing.Content.ReadAsStringAsync(cancellationToken), Is.Empty);
        Assert.That(missing.Headers.Server.ToString(), Is.EqualTo("Kestrel"));
    }

    [Test]
    public void The_sample_is_short() =>
        Assert.That(File.ReadLines(Path.Combine(Repository.Root, "samples", "EmbeddedSlave", "Program.cs")).Count(), Is.LessThan(60));
}
