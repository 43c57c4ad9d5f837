using System.Text;
using Buildd.Slave.Metrics;
using Microsoft.AspNetCore.Http;

namespace Buildd.Slave.Http;

/// <summary>Serves the slave's figures to Prometheus.</summary>
internal sealed class MetricsEndpoint : IDisposable
{
    /// <summary>How long to wait for the figures, of which some are read from the disk. Prometheus itself waits ten seconds.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);

    private readonly PrometheusExporter _exporter;
    private readonly SharedWork<byte[]> _work;

    internal MetricsEndpoint(SlaveMeters meters, TimeProvider time)
    {
        _exporter = new PrometheusExporter(meters.Meter);
        _work = new SharedWork<byte[]>(() => Encoding.UTF8.GetBytes(_exporter.Write()), Deadline, time);
    }

    internal async Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            await Pages.WrongMethodAsync(http, HttpMethods.Head, HttpMethods.Get).ConfigureAwait(false);
            return;
        }

        try
        {
            var text = await _work.RunAsync(http.RequestAborted).ConfigureAwait(false);
            http.Response.ContentType = PrometheusExporter.ContentType;
            http.Response.ContentLength = text.Length;
            await http.Response.Body.WriteAsync(text, http.RequestAborted).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.ContentLength = 0;
        }
    }

    public void Dispose() => _exporter.Dispose();
}
