using System.Collections;
using Buildd.Farm.Configuration;
using Buildd.Master;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Buildd.Farm.Telemetry;

/// <summary>
/// The figures of the master, the runtime and the server, at <c>/metrics</c> for Prometheus; these and the master's spans for a
/// collector that speaks OTLP, if one is configured.
/// </summary>
internal static class FarmTelemetry
{
    private const string ServiceName = "buildd-farm";

    /// <summary>The prefix of the variables that OpenTelemetry's specification names.</summary>
    private const string VariablePrefix = "OTEL_";

    /// <summary>What the values of their labels are is bounded: names of methods, routes, states, and of the farm's builders.</summary>
    private static readonly string[] Meters =
        [BuildMaster.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>Any of these switches the sending on, as the field <c>Otlp-Endpoint</c> does.</summary>
    private static readonly string[] EndpointVariables =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    /// <summary>Adds what the configuration and the environment ask for.</summary>
    internal static void AddTelemetry(this WebApplicationBuilder builder, FarmConfiguration configuration)
    {
        var variables = ReadVariables();
        var sends = configuration.OtlpEndpoint is not null || EndpointVariables.Any(variables.ContainsKey);
        if (!configuration.ServesMetrics && !sends)
            return;
        builder.Configuration.AddInMemoryCollection(variables); // the host has no other variables, and OpenTelemetry reads its own here
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe);
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(Meters);
            if (configuration.ServesMetrics)
                metrics.AddPrometheusExporter();
            if (sends)
                metrics.AddOtlpExporter(options => SetEndpoint(options, configuration.OtlpEndpoint, "v1/metrics"));
        });
        if (!sends)
            return;
        telemetry.WithTracing(traces => traces
            .AddSource(BuildMaster.MeterName)
            .AddOtlpExporter(options => SetEndpoint(options, configuration.OtlpEndpoint, "v1/traces")));
        builder.Services.AddHostedService<ExportFailures>();
    }

    /// <summary>Serves <c>/metrics</c>, unless the configuration says no.</summary>
    internal static void MapMetrics(this IEndpointRouteBuilder endpoints, FarmConfiguration configuration)
    {
        if (configuration.ServesMetrics)
            endpoints.MapPrometheusScrapingEndpoint("/metrics");
    }

    /// <summary>The instance is named by its machine: a name made at each start would be new series at each start.</summary>
    private static void Describe(ResourceBuilder resource) => resource
        .AddService(
            ServiceName,
            serviceVersion: typeof(FarmTelemetry).Assembly.GetName().Version?.ToString(3),
            autoGenerateServiceInstanceId: false,
            serviceInstanceId: Environment.MachineName)
        .AddEnvironmentVariableDetector(); // once more, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word

    /// <summary>
    /// HTTP is the protocol unless <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> names gRPC. Its path has to be given with an address that is
    /// set here; addresses from variables get theirs from OpenTelemetry.
    /// </summary>
    private static void SetEndpoint(OtlpExporterOptions options, Uri? endpoint, string path)
    {
        if (endpoint is null)
            return;
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL") is null)
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = options.Protocol == OtlpExportProtocol.HttpProtobuf ? new Uri(endpoint, path) : endpoint;
    }

    private static Dictionary<string, string?> ReadVariables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => ((string)variable.Key).StartsWith(VariablePrefix, StringComparison.Ordinal))
        .Where(variable => variable.Value is string { Length: > 0 })
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value, StringComparer.Ordinal);
}
