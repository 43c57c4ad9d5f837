using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Buildd.Farm.Inputs;

/// <summary>
/// Serves the inputs of builds to slaves: <c>GET /SHA1/NAME</c>, whole or from some byte on. Who knows a sum may have the
/// file; nothing can be listed.
/// </summary>
internal sealed class InputServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private InputServer(WebApplication application) => _application = application;

    /// <summary>Where it listens.</summary>
    internal Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <exception cref="FarmException">The address can't be listened at.</exception>
    internal static async Task<InputServer> StartAsync(IPEndPoint listen, InputStore inputs, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(listen));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, LifetimeOfOwner>();
        var application = builder.Build();
        application.UseRouting();
        application.MapMethods("/{sha1}/{name}", [HttpMethods.Get, HttpMethods.Head], http => SendAsync(http, inputs));
        try
        {
            await application.StartAsync(cancellationToken);
            return new InputServer(application);
        }
        catch (IOException e)
        {
            await application.DisposeAsync();
            throw new FarmException($"inputs can't be served at {listen}: {e.Message} Does another 'run' serve there? The field Listen names the address.", e);
        }
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static Task SendAsync(HttpContext http, InputStore inputs)
    {
        if (http.Request.RouteValues["sha1"] is not string sha1 || inputs.Find(sha1) is not { } path)
            return Results.NotFound().ExecuteAsync(http);
        // The sum names the content for ever, so it is the validator too: a slave whose download breaks takes it up again.
        return Results.File(
            path, "application/octet-stream", entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{sha1}\""), enableRangeProcessing: true)
            .ExecuteAsync(http);
    }

    /// <summary>The program decides when it ends, not a signal that this server hears.</summary>
    private sealed class LifetimeOfOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
