using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Http;
using Buildd.UnitTests.Slave.Http;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Hosting;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Metrics;

/// <summary>What the slave does, as its figures tell it.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class SlaveMetersTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();
    private readonly MetricsEndpoint _metrics;
    private readonly RpcEndpoint _rpc;

    public SlaveMetersTests()
    {
        _metrics = new MetricsEndpoint(_slave.Meters, TimeProvider.System);
        var calls = new SlaveCalls(_slave.Options, _slave.Builder, _slave.Cache, Substitute.For<IHostApplicationLifetime>(), _slave.Meters);
        _rpc = new RpcEndpoint(calls, _slave.Options.Endpoints.MaxBodyBytes, _slave.Meters, new RecordingLogger<RpcEndpoint>());
    }

    public ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        return _slave.DisposeAsync();
    }

    [Test]
    public async Task An_idle_slave_tells_what_it_is()
    {
        var figures = await GatherAsync();

        Assert.Multiple(() =>
        {
            Assert.That(figures["buildd_builder_state{state=\"idle\"}"], Is.EqualTo(1));
            Assert.That(
                figures.Series.Where(series => series.StartsWith("buildd_builder_state{", StringComparison.Ordinal)), Has.Exactly(4).Items);
            Assert.That(figures["buildd_info{version=\"1.2\",architecture=\"riscv64\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_build_seconds"], Is.Zero);
            Assert.That(figures["buildd_log_bytes"], Is.Zero);
            Assert.That(figures["buildd_cache_free_bytes"], Is.Positive);
            Assert.That(figures["process_resident_memory_bytes"], Is.GreaterThan(1_000_000));
            Assert.That(
                DateTimeOffset.FromUnixTimeSeconds((long)figures["process_start_time_seconds"]),
                Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromHours(2)));
        });
    }

    [Test]
    public async Task A_build_is_counted_and_timed()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Aborted));
        var context = await _slave.StartAsync();
        context.Log.WriteLine("working");
        _slave.Time.Advance(TimeSpan.FromSeconds(90));
        var running = await GatherAsync();
        var ended = _slave.Logger.NextAsync(" ended: ");
        _slave.Builder.Abort();
        await ended.WaitAsync(SlaveBench.Deadline);
        var waiting = await GatherAsync();

        Assert.Multiple(() =>
        {
            Assert.That(running["buildd_builds_started_total{tag=\"binarypackage\"}"], Is.EqualTo(1));
            Assert.That(running["buildd_builder_state{state=\"building\"}"], Is.EqualTo(1));
            Assert.That(running["buildd_builder_state{state=\"idle\"}"], Is.Zero);
            Assert.That(running["buildd_build_seconds"], Is.EqualTo(90));
            Assert.That(running["buildd_log_bytes"], Is.EqualTo("working\n".Length));
            Assert.That(running.Series, Has.None.StartsWith("buildd_builds_ended_total"));
            Assert.That(waiting["buildd_builds_ended_total{tag=\"binarypackage\",status=\"aborted\"}"], Is.EqualTo(1));
            Assert.That(waiting["buildd_build_seconds"], Is.Zero);
            Assert.That(waiting["buildd_builder_state{state=\"waiting\"}"], Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Calls_are_counted_by_method_and_outcome_and_what_clients_make_up_has_one_name()
    {
        await PostAsync("status");
        await PostAsync("status");
        await PostAsync("abort");
        for (var i = 0; i < 50; i++)
            await PostAsync($"made_up_{i}");
        await _rpc.HandleAsync(new HttpExchange("POST", "no call"u8.ToArray()).Context);

        var figures = await GatherAsync();

        Assert.Multiple(() =>
        {
            Assert.That(figures["buildd_calls_total{method=\"status\",outcome=\"ok\"}"], Is.EqualTo(2));
            Assert.That(figures["buildd_calls_total{method=\"abort\",outcome=\"refused\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_calls_total{method=\"unknown\",outcome=\"malformed\"}"], Is.EqualTo(51));
            Assert.That(figures.Series.Count(series => series.StartsWith("buildd_calls_total", StringComparison.Ordinal)), Is.EqualTo(3));
            Assert.That(figures["buildd_call_duration_seconds_count{method=\"status\"}"], Is.EqualTo(2));
            Assert.That(figures.Types["buildd_call_duration_seconds"], Is.EqualTo("histogram"));
        });
    }

    [Test]
    public async Task A_call_that_breaks_is_told_from_one_that_is_refused()
    {
        _slave.Backend.Check = _ => throw new InvalidOperationException("broken");
        var call = _slave.Call();

        await PostAsync(call.ToXmlRpc());

        Assert.That((await GatherAsync())["buildd_calls_total{method=\"build\",outcome=\"failed\"}"], Is.EqualTo(1));
    }

    [Test]
    public async Task Files_are_counted_on_their_way_in_and_out()
    {
        var there = _slave.Add("0123456789");
        _slave.Web.Answer = (_, _) => Task.FromResult(new HttpResponseMessage { Content = new StringContent("downloaded") });
        await PostAsync(new EnsurePresentCall { Sha1 = there }.ToXmlRpc());
        await PostAsync(new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("elsewhere") }.ToXmlRpc());
        await PostAsync(new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("downloaded"), Url = "http://files.test/" }.ToXmlRpc());
        await PostAsync(new EnsurePresentCall { Sha1 = SlaveBench.Sha1Of("wrong"), Url = "http://files.test/" }.ToXmlRpc());
        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "result", "a result"));
        var get = new HttpExchange("GET");
        get.Context.Request.RouteValues["name"] = there;
        await new FileCacheEndpoint(_slave.Options, _slave.Meters).HandleAsync(get.Context);

        var figures = await GatherAsync();

        Assert.Multiple(() =>
        {
            Assert.That(figures["buildd_ensurepresent_total{result=\"cached\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_ensurepresent_total{result=\"missing\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_ensurepresent_total{result=\"downloaded\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_ensurepresent_total{result=\"failed\"}"], Is.EqualTo(1));
            Assert.That(figures["buildd_downloaded_bytes_total"], Is.EqualTo(20));
            Assert.That(figures["buildd_stored_bytes_total"], Is.EqualTo("a result".Length));
            Assert.That(figures["buildd_served_bytes_total"], Is.EqualTo(10));
            Assert.That(figures["buildd_cache_files"], Is.EqualTo(5)); // chroot, dsc, and three of the above
            Assert.That(figures["buildd_cache_bytes"], Is.EqualTo("chroot".Length + "dsc".Length + 10 + 10 + "a result".Length));
        });
    }

    [Test]
    public async Task A_cache_that_can_not_be_read_leaves_its_figures_out()
    {
        Directory.Delete(_slave.Options.FileCacheDirectory, recursive: true);

        var figures = await GatherAsync();

        Assert.That(figures.Series, Has.None.StartsWith("buildd_cache").And.Some.StartsWith("buildd_builder_state"));
    }

    [TestCase("POST", 405)]
    [TestCase("DELETE", 501)]
    public async Task Other_methods_are_refused(string method, int status)
    {
        var exchange = new HttpExchange(method);

        await _metrics.HandleAsync(exchange.Context);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(status));
    }

    private async Task<Exposition> GatherAsync()
    {
        var exchange = new HttpExchange("GET");
        await _metrics.HandleAsync(exchange.Context);
        Assert.That(exchange.Response.ContentType, Is.EqualTo("text/plain; version=0.0.4; charset=utf-8"));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(exchange.Body.Length));
        return Exposition.Parse(Encoding.UTF8.GetString(exchange.Body));
    }

    private Task PostAsync(string method) => PostAsync(new XmlRpcCall(method, []));

    private Task PostAsync(XmlRpcCall call)
    {
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteCall(body, call);
        return _rpc.HandleAsync(new HttpExchange("POST", body.WrittenSpan.ToArray()).Context);
    }
}
