using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Buildd.Master.Jobs;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Buildd.Farm.Demo;

/// <summary>Serves the files that a build needs, on loopback and a free port: these, by their sums, and nothing else.</summary>
internal sealed class InputServer : IAsyncDisposable
{
    private const int BufferBytes = 256 * 1024;

    private readonly WebApplication _application;
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    private InputServer(WebApplication application) => _application = application;

    private Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    internal static async Task<InputServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, LifetimeOfOwner>();
        var application = builder.Build();
        var server = new InputServer(application);
        application.UseRouting();
        application.MapMethods("/{sha1}/{name}", [HttpMethods.Get], server.SendAsync);
        await application.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>Serves a file from now on. Files are added before any is asked for.</summary>
    internal async Task<InputFile> AddAsync(string path, CancellationToken cancellationToken)
    {
        var sha1 = await HashAsync(path, cancellationToken);
        _paths[sha1] = path;
        var name = Path.GetFileName(path);
        return new InputFile { Name = name, Sha1 = sha1, Url = new Uri(Address, $"/{sha1}/{Uri.EscapeDataString(name)}").AbsoluteUri };
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task SendAsync(HttpContext http)
    {
        if (http.Request.RouteValues["sha1"] is not string sha1 || !_paths.TryGetValue(sha1, out var path))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = new FileInfo(path).Length;
        await http.Response.SendFileAsync(path, 0, http.Response.ContentLength, http.RequestAborted);
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            await using var file = File.OpenRead(path);
            for (int count; (count = await file.ReadAsync(buffer, cancellationToken)) > 0;)
                hash.AppendData(buffer, 0, count);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The program decides when it ends, not a signal that this server hears.</summary>
    private sealed class LifetimeOfOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
