using System.Diagnostics.Tracing;
using System.Globalization;
using Buildd.Linux.Text;

namespace Buildd.Farm.Telemetry;

/// <summary>
/// Logs that a collector could not be reached. OpenTelemetry says so as events of .NET only, which nobody sees; the farm goes on
/// without, and the next figures are sent as usual.
/// </summary>
internal sealed class ExportFailures(ILogger<ExportFailures> logger, TimeProvider time) : IHostedService, IDisposable
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    /// <summary>A collector that stays away is not worth a line for each attempt.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private long? _logged;
    private Listener? _listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = new Listener(Log);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener?.Dispose();

    private void Log(string message)
    {
        lock (_lock)
        {
            if (_logged is { } last && time.GetElapsedTime(last) < Silence)
                return;
            _logged = time.GetTimestamp();
        }

        logger.LogNotSent(Printable.Text(message).ReplaceLineEndings(" "), Silence.TotalMinutes);
    }

    private sealed class Listener(Action<string> log) : EventListener
    {
        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == Source)
                EnableEvents(eventSource, EventLevel.Warning);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name == Source)
                log(string.Format(CultureInfo.InvariantCulture, eventData.Message ?? "{0}", [.. eventData.Payload ?? []]));
        }
    }
}
