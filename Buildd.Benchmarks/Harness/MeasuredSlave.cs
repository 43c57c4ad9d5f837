using System.Net;
using Buildd.Backends.BinaryPackage;
using Buildd.Daemon;
using Buildd.Daemon.Configuration;
using Buildd.Protocol.Client;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Microsoft.AspNetCore.Builder;

namespace Buildd.Benchmarks.Harness;

/// <summary>The product in this process: what the daemon's program runs, on any free port of the loopback.</summary>
internal sealed class MeasuredSlave : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    private MeasuredSlave(WebApplication application, string cacheDirectory)
    {
        _application = application;
        CacheDirectory = cacheDirectory;
        Url = new Uri(application.Urls.First());
        Client = new SlaveClient(_http, new SlaveClientOptions { Url = Url });
    }

    internal Uri Url { get; }

    internal string CacheDirectory { get; }

    internal SlaveClient Client { get; }

    internal static async Task<MeasuredSlave> StartAsync(
        string folder, CancellationToken cancellationToken, params IReadOnlyList<IBuildBackend> backends)
    {
        var cache = Directory.CreateDirectory(Path.Combine(folder, "filecache")).FullName;
        var application = SlaveApplication.Create(
            new DaemonConfiguration
            {
                Slave = new SlaveOptions
                {
                    ArchitectureTag = "amd64",
                    FileCacheDirectory = cache,
                    WorkDirectory = Directory.CreateDirectory(Path.Combine(folder, "work")).FullName,
                    Version = "0.1.0",
                    Backends = backends.Count > 0 ? [.. backends] : [new BinaryPackageBackend(new BinaryPackageOptions())],
                },
                BindAddress = IPAddress.Loopback,
                BindPort = 0,
            });
        await application.StartAsync(cancellationToken);
        return new MeasuredSlave(application, cache);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
