using System.Net;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>The stream of a log over a real connection.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LogStreamTests : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    public void Dispose() => _http.Dispose();

    [Test]
    public async Task A_build_is_watched_from_its_start_to_its_end(CancellationToken deadline)
    {
        await using var slave = await SlaveInProcess.StartAsync();
        using (var nothing = await _http.GetAsync(new Uri(slave.Url, "log/stream"), deadline))
            Assert.That(nothing.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        await slave.BuildAsync("binarypackage");

        using var response = await OpenAsync(slave, deadline);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline));
        var first = await reader.ReadLineAsync(deadline);
        await slave.FinishAsync();
        var rest = await reader.ReadToEndAsync(deadline);

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That(first, Does.StartWith("id: "));
        Assert.That(rest, Does.Contain("\nevent: end\n"));
        var log = await _http.GetByteArrayAsync(new Uri(slave.Url, "filecache/buildlog"), deadline);
        Assert.That(rest, Does.EndWith($"data: {log.Length}\n\n"));
    }

    [Test]
    public async Task A_watcher_does_not_keep_the_slave_from_stopping(CancellationToken deadline)
    {
        var slave = await SlaveInProcess.StartAsync();
        await slave.BuildAsync("binarypackage");
        using var response = await OpenAsync(slave, deadline);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline));
        await reader.ReadLineAsync(deadline);

        var stop = slave.DisposeAsync().AsTask();

        Assert.That(await reader.ReadToEndAsync(deadline), Does.Not.Contain("event: end"));
        await stop.WaitAsync(deadline);
    }

    private Task<HttpResponseMessage> OpenAsync(SlaveInProcess slave, CancellationToken deadline) =>
        _http.GetAsync(new Uri(slave.Url, "log/stream"), HttpCompletionOption.ResponseHeadersRead, deadline);
}
