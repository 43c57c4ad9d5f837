using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Buildd.Slave.Metrics;

/// <summary>
/// Listens to a meter and writes its figures in Prometheus's text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
/// </summary>
/// <remarks>
/// To record costs a look through the few series of an instrument and no allocation. May be used from any thread. The
/// names are those that OpenTelemetry's exporter would make: <c>buildd.call.duration</c> in seconds becomes
/// <c>buildd_call_duration_seconds</c>, and what counts ends in <c>_total</c>.
/// </remarks>
internal sealed class PrometheusExporter : IDisposable
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _gathering = new();
    private readonly Lock _lock = new(); // the list of families; nothing foreign is called while it is held
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    internal PrometheusExporter(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!ReferenceEquals(instrument.Meter, meter))
                return;
            var family = new Family(instrument);
            lock (_lock)
            {
                if (!_families.TryAdd(family.Name, family))
                    family = _families[family.Name];
            }

            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Gathers the figures and writes them.</summary>
    internal string Write()
    {
        lock (_gathering)
        {
            Family[] families;
            lock (_lock)
                families = [.. _families.Values];
            foreach (var family in families)
                family.ForgetObserved();
            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var family in families)
                family.Write(text);
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>An instrument and its series.</summary>
    private sealed class Family
    {
        private readonly Lock _lock = new();
        private readonly List<Series> _series = [];
        private readonly string _type;
        private readonly string _help;
        private readonly bool _isObserved;
        private readonly bool _isSum;
        private readonly double[] _bounds;

        internal Family(Instrument instrument)
        {
            _isObserved = instrument.IsObservable;
            _bounds = [.. (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []];
            _type = instrument switch
            {
                Counter<long> => "counter",
                UpDownCounter<long> or ObservableGauge<long> or ObservableGauge<double> => "gauge",
                Histogram<double> => "histogram",
                _ => throw new NotSupportedException($"'{instrument.Name}' is a {instrument.GetType().Name}, which has no form here"),
            };
            _isSum = !_isObserved; // a counter adds up, also one that goes down
            _help = instrument.Description ?? "";
            var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            Name = instrument.Name.Replace('.', '_') + unit + (_type == "counter" ? "_total" : "");
        }

        internal string Name { get; }

        /// <summary>What is observed is observed anew each time; a series that is gone must not stay.</summary>
        internal void ForgetObserved()
        {
            if (!_isObserved)
                return;
            lock (_lock)
                _series.Clear();
        }

        internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (_lock)
            {
                var series = Find(tags);
                series.Value = _isSum ? series.Value + value : value;
                if (_type != "histogram")
                    return;
                series.Count++;
                for (var i = 0; i < _bounds.Length; i++)
                {
                    if (value <= _bounds[i])
                        series.Buckets[i]++;
                }
            }
        }

        internal void Write(StringBuilder text)
        {
            lock (_lock)
            {
                if (_series.Count == 0)
                    return;
                text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {Escape(_help)}\n# TYPE {Name} {_type}\n");
                foreach (var series in _series)
                {
                    if (_type != "histogram")
                    {
                        WriteLine(text, Name, series.Labels, series.Value);
                        continue;
                    }

                    for (var i = 0; i < _bounds.Length; i++)
                        WriteLine(text, Name + "_bucket", Join(series.Labels, $"le=\"{Number(_bounds[i])}\""), series.Buckets[i]);
                    WriteLine(text, Name + "_bucket", Join(series.Labels, "le=\"+Inf\""), series.Count);
                    WriteLine(text, Name + "_sum", series.Labels, series.Value);
                    WriteLine(text, Name + "_count", series.Labels, series.Count);
                }
            }
        }

        private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var series in _series)
            {
                if (series.Has(tags))
                    return series;
            }

            var added = new Series(tags.ToArray(), new long[_bounds.Length]);
            _series.Add(added);
            return added;
        }

        private static void WriteLine(StringBuilder text, string name, string labels, double value) =>
            text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(Number(value)).Append('\n');

        private static string Join(string labels, string more) => labels.Length > 0 ? $"{labels},{more}" : more;

        private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    private sealed class Series(KeyValuePair<string, object?>[] tags, long[] buckets)
    {
        internal string Labels { get; } = string.Join(',', tags.Select(
            tag => $"{tag.Key}=\"{Quoted(Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "")}\""));

        private static string Quoted(string text) => Escape(text).Replace("\"", "\\\"", StringComparison.Ordinal);

        /// <summary>How many were at or below each bound.</summary>
        internal long[] Buckets { get; } = buckets;

        internal long Count { get; set; }

        /// <summary>The last value of a gauge, the sum of all others.</summary>
        internal double Value { get; set; }

        internal bool Has(ReadOnlySpan<KeyValuePair<string, object?>> others)
        {
            if (others.Length != tags.Length)
                return false;
            for (var i = 0; i < tags.Length; i++)
            {
                if (tags[i].Key != others[i].Key || !Equals(tags[i].Value, others[i].Value))
                    return false;
            }

            return true;
        }
    }

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
