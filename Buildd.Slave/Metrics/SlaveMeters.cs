using System.Diagnostics;
using System.Diagnostics.Metrics;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Metrics;

/// <summary>
/// The figures of one slave, as instruments of a <see cref="Meter"/> named <see cref="MeterName"/>: <c>/metrics</c> writes
/// them for Prometheus, and a program that has a slave in it can give them to any other listener, such as OpenTelemetry.
/// </summary>
/// <remarks>
/// Methods may be called from any thread. Every value of a tag comes from a list of ours: what a client makes up never
/// becomes a series of its own.
/// </remarks>
internal sealed class SlaveMeters : IDisposable
{
    /// <summary>The meter's name: <c>Buildd.Slave</c>.</summary>
    public const string MeterName = "Buildd.Slave";

    /// <summary>What stands for a method or a tag that nobody knows.</summary>
    internal const string Unknown = "unknown";

    private const string Seconds = "s";
    private const string Bytes = "By";

    private static readonly string[] Methods =
    [
        WireNames.Methods.Echo, WireNames.Methods.Info, WireNames.Methods.Status, WireNames.Methods.EnsurePresent,
        WireNames.Methods.Build, WireNames.Methods.Abort, WireNames.Methods.Clean, WireNames.Methods.ProxyInfo,
    ];

    /// <summary>From a status, which takes a fraction of a millisecond, to an ensurepresent of gigabytes.</summary>
    private static readonly double[] DurationBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

    private readonly TimeProvider _time;
    private readonly Counter<long> _started;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _calls;
    private readonly Histogram<double> _callDuration;
    private readonly Counter<long> _ensurePresent;
    private readonly Counter<long> _downloaded;
    private readonly Counter<long> _served;
    private readonly Counter<long> _stored;
    private long _buildStarted; // a timestamp, or 0 when none runs

    /// <summary>Makes the instruments. What counts begins at zero.</summary>
    /// <param name="version">The slave's version; empty when it has none.</param>
    /// <param name="architecture">The architecture that it builds for.</param>
    /// <param name="time">The clock.</param>
    internal SlaveMeters(string version, string architecture, TimeProvider time)
    {
        _time = time;
        Meter = new Meter(MeterName);
        _started = Meter.CreateCounter<long>("buildd.builds.started", null, "Builds that were accepted, by their tag.");
        _ended = Meter.CreateCounter<long>("buildd.builds.ended", null, "Builds that have ended, by their tag and how.");
        _calls = Meter.CreateCounter<long>("buildd.calls", null, "Calls, by method and how they ended.");
        _callDuration = Meter.CreateHistogram(
            "buildd.call.duration", Seconds, "How long calls took to be carried out, by method.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _ensurePresent =
            Meter.CreateCounter<long>("buildd.ensurepresent", null, "Answers to ensurepresent: how the file came to be there, or not.");
        _downloaded =
            Meter.CreateCounter<long>("buildd.downloaded", Bytes, "What was downloaded for ensurepresent, counted when a download ends.");
        _served =
            Meter.CreateCounter<long>("buildd.served", Bytes, "What was served from the file cache, counted when a file or part is sent.");
        _stored = Meter.CreateCounter<long>("buildd.stored", Bytes, "The results that builds put into the file cache.");
        Meter.CreateObservableGauge(
            "buildd.build", BuildSeconds, Seconds, "How long the build that runs has been running; 0 when none does.");
        Meter.CreateObservableGauge(
            "buildd.info", () => new Measurement<long>(1, Tag("version", version), Tag("architecture", architecture)),
            null, "What runs here; always 1.");
        Meter.CreateObservableGauge("process.start_time", ProcessStart, Seconds, "When the process was started, in seconds since 1970.");
        Meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, Bytes, "The memory of the process.");
    }

    internal Meter Meter { get; }

    /// <summary>Adds what the builder is doing to the figures.</summary>
    internal void ObserveBuilder(Func<BuilderStatus> now, Func<long> logLength)
    {
        Meter.CreateObservableGauge(
            "buildd.builder.state",
            () => Enum.GetValues<BuilderStatus>().Select(
                status => new Measurement<long>(now() == status ? 1 : 0, Tag("state", status.ToString().ToLowerInvariant()))),
            null,
            "1 for the state that the builder is in, 0 for the others.");
        Meter.CreateObservableGauge("buildd.log", logLength, Bytes, "The length of the build log; 0 when there is none.");
    }

    /// <summary>Adds what the file cache holds to the figures. A figure that is not known is left out.</summary>
    internal void ObserveCache(Func<long?> files, Func<long?> bytes, Func<long?> freeBytes)
    {
        Meter.CreateObservableGauge("buildd.cache.files", () => Measure(files), null, "Files in the file cache.");
        Meter.CreateObservableGauge("buildd.cache", () => Measure(bytes), Bytes, "What the file cache holds.");
        Meter.CreateObservableGauge(
            "buildd.cache.free", () => Measure(freeBytes), Bytes, "What is free on the file system of the file cache.");
    }

    /// <summary>Adds how many watch the log to the figures.</summary>
    internal void ObserveLogStreams(Func<int> streams) =>
        Meter.CreateObservableGauge("buildd.log.streams", () => (long)streams(), null, "How many are watching the build log.");

    internal void BuildStarted(string tag)
    {
        Volatile.Write(ref _buildStarted, _time.GetTimestamp());
        _started.Add(1, Tag("tag", tag));
    }

    /// <summary>A build has ended, perhaps one of an earlier slave whose tag is nobody's any more.</summary>
    internal void BuildEnded(string? tag, BuildStatus status)
    {
        Volatile.Write(ref _buildStarted, 0);
        _ended.Add(1, Tag("tag", tag ?? Unknown), Tag("status", NameOf(status)));
    }

    /// <summary>When a call began, for <see cref="CallEnded"/>.</summary>
    internal long CallBegan() => _time.GetTimestamp();

    internal void CallEnded(string method, CallOutcome outcome, long began)
    {
        var known = Tag("method", Array.IndexOf(Methods, method) is var index and >= 0 ? Methods[index] : Unknown);
        _calls.Add(1, known, Tag("outcome", NameOf(outcome)));
        _callDuration.Record(_time.GetElapsedTime(began).TotalSeconds, known);
    }

    /// <param name="result">How the file came to be there, or not: from a list of ours.</param>
    internal void EnsurePresentAnswered(string result) => _ensurePresent.Add(1, Tag("result", result));

    internal void Downloaded(long bytes) => _downloaded.Add(bytes);

    internal void Served(long bytes) => _served.Add(bytes);

    internal void Stored(long bytes) => _stored.Add(bytes);

    /// <summary>Ends the meter: listeners are told.</summary>
    public void Dispose() => Meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static string NameOf(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Ok => "ok",
        CallOutcome.Refused => "refused",
        CallOutcome.Malformed => "malformed",
        CallOutcome.Failed => "failed",
        CallOutcome.Gone => "gone",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    private static string NameOf(BuildStatus status) => status.ToString().ToLowerInvariant();

    private double BuildSeconds() => Volatile.Read(ref _buildStarted) is var began and not 0 ? _time.GetElapsedTime(began).TotalSeconds : 0;

    private static double ProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }

    private static IEnumerable<Measurement<long>> Measure(Func<long?> figure) =>
        figure() is { } known ? [new Measurement<long>(known)] : [];
}
