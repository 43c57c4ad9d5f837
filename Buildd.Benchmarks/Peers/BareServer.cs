using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Buildd.Benchmarks.Peers;

/// <summary>Kestrel with one function behind it: no routing, no logging, nothing read but what the function reads.</summary>
internal sealed class BareServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private BareServer(WebApplication application) => _application = application;

    internal Uri Url => new(_application.Urls.First());

    internal static async Task<BareServer> StartAsync(RequestDelegate answer, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync(cancellationToken);
        return new BareServer(application);
    }

    /// <summary>A server that answers everything with one file.</summary>
    internal static Task<BareServer> OfFileAsync(string path, long length, CancellationToken cancellationToken) => StartAsync(
        http =>
        {
            http.Response.ContentLength = length;
            return http.Response.SendFileAsync(path, 0, length, http.RequestAborted);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
