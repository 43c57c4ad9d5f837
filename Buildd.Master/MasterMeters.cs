using System.Diagnostics;
using System.Diagnostics.Metrics;
using Buildd.Master.Builds;

namespace Buildd.Master;

/// <summary>
/// The figures of a master, as instruments of a <see cref="Meter"/>, and its traces, as spans of an
/// <see cref="ActivitySource"/>, both named <see cref="Name"/>: OpenTelemetry listens to them by that name. Values of tags
/// come from lists of ours and from the names of builders; nothing a slave makes up becomes a series.
/// </summary>
internal sealed class MasterMeters : IDisposable
{
    /// <summary>The name of the meter and of the source of spans: <c>Buildd.Master</c>.</summary>
    public const string Name = "Buildd.Master";

    internal static readonly ActivitySource Spans = new(Name);

    /// <summary>From a call on the local network to one that timed out.</summary>
    private static readonly double[] ScanBounds = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 40, 120];

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _dispatched;
    private readonly Counter<long> _finished;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _gathered;
    private readonly Histogram<double> _scans;
    private readonly Histogram<double> _late;

    internal MasterMeters(Func<int> waiting, Func<IEnumerable<Measurement<int>>> builders)
    {
        _dispatched = _meter.CreateCounter<long>("buildd.master.dispatched", null, "Builds that a builder has taken, by manager.");
        _finished = _meter.CreateCounter<long>("buildd.master.finished", null, "Builds that left the queue, by state.");
        _failures = _meter.CreateCounter<long>("buildd.master.failures", null, "Failures that were counted, by builder.");
        _gathered = _meter.CreateCounter<long>("buildd.master.gathered", "By", "Results that were fetched.");
        _scans = _meter.CreateHistogram("buildd.master.scan.duration", "s", "How long looks at a slave took, by how they ended.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = ScanBounds });
        _late = _meter.CreateHistogram("buildd.master.scan.lateness", "s", "How much later than due looks at a slave began.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = ScanBounds });
        _meter.CreateObservableGauge("buildd.master.waiting", waiting, null, "Builds that wait.");
        _meter.CreateObservableGauge("buildd.master.builders", builders, null, "Builders that this master looks after, by what they do.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Dispatched(string manager) => _dispatched.Add(1, new KeyValuePair<string, object?>("manager", manager));

    internal void Finished(BuildState state) => _finished.Add(1, new KeyValuePair<string, object?>("state", state.ToName()));

    internal void Failed(string builder) => _failures.Add(1, new KeyValuePair<string, object?>("builder", builder));

    internal void Gathered(long bytes) => _gathered.Add(bytes);

    internal void Late(TimeSpan lateness) => _late.Record(Math.Max(0, lateness.TotalSeconds));

    internal void Scanned(TimeSpan duration, bool failed) =>
        _scans.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", failed ? "failed" : "ok"));
}
