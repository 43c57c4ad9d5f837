using System.Diagnostics.Metrics;
using Buildd.Slave.Metrics;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Metrics;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PrometheusExporterTests : IDisposable
{
    private readonly Meter _meter = new("Test");
    private readonly PrometheusExporter _exporter;

    public PrometheusExporterTests() => _exporter = new PrometheusExporter(_meter);

    public void Dispose()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Test]
    public void The_format_is_as_documented()
    {
        var calls = _meter.CreateCounter<long>("app.calls", null, "Calls, by method.");
        calls.Add(1, new KeyValuePair<string, object?>("method", "a"));
        calls.Add(2, new KeyValuePair<string, object?>("method", "b"));
        calls.Add(3, new KeyValuePair<string, object?>("method", "a"));
        _meter.CreateObservableGauge("app.size", () => 1.5, "By", "A size.");
        var duration = _meter.CreateHistogram(
            "app.time", "s", "A time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 2] });
        duration.Record(0.5);
        duration.Record(1);
        duration.Record(7);

        Assert.That(_exporter.Write(), Is.EqualTo(
            """
            # HELP app_calls_total Calls, by method.
            # TYPE app_calls_total counter
            app_calls_total{method="a"} 4
            app_calls_total{method="b"} 2
            # HELP app_size_bytes A size.
            # TYPE app_size_bytes gauge
            app_size_bytes 1.5
            # HELP app_time_seconds A time.
            # TYPE app_time_seconds histogram
            app_time_seconds_bucket{le="0.5"} 1
            app_time_seconds_bucket{le="2"} 2
            app_time_seconds_bucket{le="+Inf"} 3
            app_time_seconds_sum 8.5
            app_time_seconds_count 3

            """));
    }

    [Test]
    public void Text_is_escaped()
    {
        _meter.CreateCounter<long>("app.odd", null, "One\nback\\slash \"q\"")
            .Add(1, new KeyValuePair<string, object?>("name", "a\"b\\c\nd"));

        Assert.That(_exporter.Write(), Is.EqualTo(
            "# HELP app_odd_total One\\nback\\\\slash \"q\"\n# TYPE app_odd_total counter\napp_odd_total{name=\"a\\\"b\\\\c\\nd\"} 1\n"));
        Exposition.Parse(_exporter.Write());
    }

    [Test]
    public void What_is_no_longer_observed_is_gone_and_what_was_counted_stays()
    {
        var state = "idle";
        _meter.CreateObservableGauge(
            "app.state", () => new Measurement<long>(1, new KeyValuePair<string, object?>("state", state)), null, "The state.");
        var open = _meter.CreateUpDownCounter<long>("app.open", null, "What is open.");
        open.Add(2);
        Assert.That(Exposition.Parse(_exporter.Write()).Series, Is.EquivalentTo(new[] { "app_open", "app_state{state=\"idle\"}" }));

        state = "busy";
        open.Add(-1);

        var second = Exposition.Parse(_exporter.Write());
        Assert.That(second.Series, Is.EquivalentTo(new[] { "app_open", "app_state{state=\"busy\"}" }));
        Assert.That(second["app_open"], Is.EqualTo(1));
    }

    [Test]
    public void Other_meters_are_not_listened_to()
    {
        using var other = new Meter("Test");
        other.CreateCounter<long>("other.calls", null, "Calls.").Add(1);

        Assert.That(_exporter.Write(), Is.Empty);
    }

    [Test]
    public void To_count_allocates_nothing()
    {
        var calls = _meter.CreateCounter<long>("app.calls", null, "Calls.");
        var tag = new KeyValuePair<string, object?>("method", "a");
        for (var i = 0; i < 100; i++)
            calls.Add(1, tag);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            calls.Add(1, tag);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Counting_from_many_threads_loses_nothing()
    {
        var calls = _meter.CreateCounter<long>("app.calls", null, "Calls.");

        Parallel.For(0, 10_000, i => calls.Add(1, new KeyValuePair<string, object?>("method", i % 2 == 0 ? "a" : "b")));

        var text = Exposition.Parse(_exporter.Write());
        Assert.That(text["app_calls_total{method=\"a\"}"] + text["app_calls_total{method=\"b\"}"], Is.EqualTo(10_000));
    }
}
