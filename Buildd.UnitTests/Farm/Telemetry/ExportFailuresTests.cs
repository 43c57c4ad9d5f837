using System.Diagnostics.Metrics;
using Buildd.Farm.Telemetry;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Buildd.UnitTests.Farm.Telemetry;

[CancelAfter(60_000)]
public sealed class ExportFailuresTests
{
    [Test]
    public async Task A_collector_that_is_not_there_is_logged_once_in_a_while()
    {
        var logger = new RecordingLogger<ExportFailures>();
        using var failures = new ExportFailures(logger, new ManualTimeProvider());
        await failures.StartAsync(default);
        using var meter = new Meter("Buildd.ExportFailuresTests");
        using var provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(meter.Name)
            .AddOtlpExporter(options =>
            {
                options.Protocol = OtlpExportProtocol.HttpProtobuf;
                options.Endpoint = new Uri("http://127.0.0.1:1/v1/metrics");
            })
            .Build();
        meter.CreateCounter<int>("any").Add(1);

        provider.ForceFlush();
        provider.ForceFlush();

        Assert.That(logger.Lines, Has.Count.EqualTo(1));
        Assert.That(
            logger.Lines[0],
            Does.StartWith("Warning: Figures or traces could not be sent to the collector: ").And.Contain("127.0.0.1:1"));
    }
}
