using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Buildd.Cli.Application;
using Buildd.Farm.Configuration;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.UnitTests.Cli.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Application;

/// <summary>A farm's figures as Prometheus and a collector get them, over sockets.</summary>
/// <remarks>The meters are of the whole process, in which other tests have masters too: figures are at least what happened here.</remarks>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FarmTelemetryTests : IDisposable
{
    private readonly FarmBench _farm = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    public void Dispose()
    {
        _http.Dispose();
        _farm.Dispose();
    }

    [Test]
    public async Task Prometheus_gets_the_figures_of_master_runtime_and_server()
    {
        await _farm.QueueAsync("one", "two");
        await using var running = await StartAsync();
        await running.Master.CancelAsync(1);

        var text = await ReadUntilAsync(running, "state=\"CANCELLED\"");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.Match("(?m)^buildd_master_finished_total\\{[^}]*state=\"CANCELLED\"[^}]*\\} [1-9]"));
            // Of all masters in this process the last one that is asked: others run beside this test.
            Assert.That(text, Does.Match("(?m)^buildd_master_waiting(\\{[^}]*\\})? [0-9]"));
            Assert.That(text, Does.Contain("\ndotnet_gc_collections_total{"));
            Assert.That(text, Does.Contain("\nkestrel_active_connections{"));
            Assert.That(text, Does.Contain("\n# TYPE "));
        }
    }

    [Test]
    public async Task Nothing_is_served_when_the_configuration_says_no()
    {
        await _farm.ConfigureAsync("Listen: 127.0.0.1:0\nMetrics: no\n");
        await using var running = await StartAsync();

        using var answer = await _http.GetAsync(new Uri(running.Address, "metrics"));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task A_collector_gets_figures_and_traces()
    {
        await using var collector = await Collector.StartAsync();
        await _farm.ConfigureAsync($"Listen: 127.0.0.1:0\nMetrics: no\nPoll-Interval: 0.1\nOtlp-Endpoint: {collector.Address}\n");
        await _farm.QueueAsync("one");
        await _farm.WithStoreAsync(store => store.Builders.TryAddAsync(new Builder { Name = "bob", Url = new Uri("http://127.0.0.1:1/") }));
        await using (var running = await StartAsync())
        {
            await foreach (var happened in running.Master.Events())
            {
                if (happened is BuilderChanged { Builder.Failures: > 0 }) // it was looked at several times, and does not answer
                    break;
            }

            await running.Master.CancelAsync(1);
        } // what is there is sent at the end

        using (Assert.EnterMultipleScope())
        {
            var metrics = collector.Received("/v1/metrics");
            Assert.That(metrics, Does.Contain("buildd.master.finished").And.Contain("dotnet.gc.collections").And.Contain("buildd-farm"));
            Assert.That(collector.Received("/v1/traces"), Does.Contain("Buildd.Master").And.Contain("scan"));
            Assert.That(collector.ContentTypes, Is.EquivalentTo(new[] { "application/x-protobuf" }));
        }
    }

    private async Task<string> ReadUntilAsync(Running running, string expected)
    {
        while (true)
        {
            var text = await _http.GetStringAsync(new Uri(running.Address, "metrics"));
            if (text.Contains(expected, StringComparison.Ordinal))
                return text;
            await Task.Delay(20);
        }
    }

    private async Task<Running> StartAsync()
    {
        var configuration = await FarmConfiguration.LoadAsync(_farm.ConfigurationPath, default);
        var session = await new FarmPlace(configuration, TextWriter.Null, TextWriter.Null, ActsAs: null).OpenAsync(true, false, default);
        var application = FarmApplication.Create(session);
        return new Running(session, application, await application.StartAsync(session));
    }

    private sealed record Running(FarmSession Session, WebApplication Application, Uri Address) : IAsyncDisposable
    {
        internal BuildMaster Master => Application.Services.GetRequiredService<BuildMaster>();

        public async ValueTask DisposeAsync()
        {
            await Application.StopAsync();
            await Application.DisposeAsync();
            await Session.DisposeAsync();
        }
    }

    /// <summary>Takes what is sent, as a collector does. Names in protobuf are plain text.</summary>
    private sealed class Collector(WebApplication application) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, string Type, string Body)> _requests = [];

        internal Uri Address => new(application.Urls.First());

        internal IEnumerable<string> ContentTypes => _requests.Select(request => request.Type).Distinct();

        internal static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            await collector.RunAsync();
            return collector;
        }

        internal string Received(string path) =>
            string.Concat(_requests.Where(request => request.Path == path).Select(request => request.Body));

        public ValueTask DisposeAsync() => application.DisposeAsync();

        private Task RunAsync()
        {
            application.MapPost("/{**path}", async (HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                _requests.Enqueue((request.Path, request.ContentType ?? "", Encoding.Latin1.GetString(body.ToArray())));
            });
            return application.StartAsync();
        }
    }
}
