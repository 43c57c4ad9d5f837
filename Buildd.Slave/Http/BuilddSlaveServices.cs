using Buildd.Slave.Files;
using Buildd.Slave.Lifecycle;
using Buildd.Slave.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Http;

/// <summary>Puts a slave into an ASP.NET Core program.</summary>
public static class BuilddSlaveServices
{
    /// <summary>The name of the meter with a slave's figures: <c>Buildd.Slave</c>.</summary>
    public const string MeterName = SlaveMeters.MeterName;

    /// <summary>Adds a slave. The host gives itself at least <see cref="SlaveOptions.StopDeadline"/> for stopping.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Fills in the options: the folders, the architecture, and a line per backend.</param>
    /// <exception cref="ArgumentException">The options can't be used; the message lists every mistake.</exception>
    public static IServiceCollection AddBuilddSlave(this IServiceCollection services, Action<SlaveOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new SlaveOptions();
        configure(options);
        return services.AddBuilddSlave(options);
    }

    /// <inheritdoc cref="AddBuilddSlave(IServiceCollection, Action{SlaveOptions})"/>
    /// <param name="services">The program's services.</param>
    /// <param name="options">The options.</param>
    public static IServiceCollection AddBuilddSlave(this IServiceCollection services, SlaveOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.FindMistakes() is { Count: > 0 } mistakes)
            throw new ArgumentException("the slave's options can't be used:\n  " + string.Join("\n  ", mistakes), nameof(options));

        services.TryAddSingleton(TimeProvider.System);
        services.AddRoutingCore();
        services.AddSingleton(options);
        services.AddSingleton(provider => new SlaveMeters(
            options.Version ?? "", options.ArchitectureTag, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new FileCache(
            new CacheFolder(
                options.FileCacheDirectory,
                options.Cache,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>().CreateLogger<FileCache>()),
            // Lazy: a start loads no HTTP client for a slave that may wait for days.
            new Downloader(
                new Lazy<HttpClient>(Downloader.CreateHttpClient), provider.GetRequiredService<TimeProvider>(), options.Cache,
                provider.GetRequiredService<ILoggerFactory>().CreateLogger<FileCache>()),
            provider.GetRequiredService<SlaveMeters>()));
        services.AddSingleton(provider => new CacheHold(provider.GetRequiredService<FileCache>().Folder));
        services.AddSingleton(provider =>
        {
            provider.GetRequiredService<CacheHold>(); // before the builder goes on with what it finds
            return new Builder(
                options,
                provider.GetRequiredService<FileCache>(),
                options.Backends,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>().CreateLogger<Builder>(),
                provider.GetRequiredService<SlaveMeters>());
        });
        services.AddSingleton(provider => new BuilderWatch(provider.GetRequiredService<Builder>()));
        services.AddSingleton<SlaveCalls>(provider => new SlaveCalls(
            options,
            provider.GetRequiredService<Builder>(),
            provider.GetRequiredService<FileCache>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<SlaveMeters>()));
        services.AddSingleton(provider => new RpcEndpoint(
            provider.GetRequiredService<SlaveCalls>(),
            options.Endpoints.MaxBodyBytes,
            provider.GetRequiredService<SlaveMeters>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger<RpcEndpoint>()));
        services.AddSingleton(provider => new FileCacheEndpoint(options, provider.GetRequiredService<SlaveMeters>()));
        services.AddSingleton(provider => new MetricsEndpoint(
            provider.GetRequiredService<SlaveMeters>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new HealthEndpoint(
            options, provider.GetRequiredService<FileCache>().Folder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
        {
            var stream = new LogStreamEndpoint(
                provider.GetRequiredService<Builder>(),
                provider.GetRequiredService<IHostApplicationLifetime>(),
                provider.GetRequiredService<TimeProvider>());
            provider.GetRequiredService<SlaveMeters>().ObserveLogStreams(() => stream.Streams);
            return stream;
        });
        services.AddHostedService(provider => new FollowHost(provider.GetRequiredService<Builder>()));
        services.AddHostedService(provider => new CacheJanitor(
            provider.GetRequiredService<FileCache>(),
            options.Derived,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger<CacheJanitor>()));
        services.Configure<HostOptions>(host => host.ShutdownTimeout =
            host.ShutdownTimeout > options.StopDeadline ? host.ShutdownTimeout : options.StopDeadline + TimeSpan.FromSeconds(10));
        return services;
    }

    /// <summary>Takes up what an earlier slave was killed in, and ends a running build when the host stops.</summary>
    private sealed class FollowHost(Builder builder) : IHostedService, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _removing = Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            builder.Resume();
            _removing = Task.Run(() => builder.RemoveLeftFoldersAsync(_stop.Token), CancellationToken.None);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await builder.StopAsync().ConfigureAwait(false);
            await _removing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        public void Dispose() => _stop.Dispose();
    }
}
