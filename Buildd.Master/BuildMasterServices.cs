using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <summary>Puts a master into a program with a service collection.</summary>
public static class BuildMasterServices
{
    /// <summary>
    /// Adds a <see cref="BuildMaster"/>. In a program with a host it runs as long as the host; others call its
    /// <see cref="BuildMaster.RunAsync"/>. The clock and the loggers are the program's, where it has registered them.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">How it works.</param>
    /// <param name="parts">Makes what it works on and with.</param>
    public static IServiceCollection AddBuildMaster(
        this IServiceCollection services, MasterOptions options, Func<IServiceProvider, BuildMasterParts> parts)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(parts);
        services.AddSingleton(provider => new BuildMaster(
            options, parts(provider), provider.GetService<TimeProvider>(), provider.GetService<ILoggerFactory>()));
        return services.AddSingleton<IHostedService, Service>();
    }

    private sealed class Service(BuildMaster master) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => master.RunAsync(stoppingToken);
    }
}
