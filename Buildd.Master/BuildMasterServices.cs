using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buildd.Master;

/// <summary>Puts a master into a program with a service collection.</summary>
public static class BuildMasterServices
{
    /// <summary>
    /// Adds a <see cref="BuildMaster"/>. In a program with a host it runs from when all other services have started until before the
    /// first of them is stopped, so that slaves find what the host serves; it stops the host when it fails. Others call its
    /// <see cref="BuildMaster.RunAsync"/>. The clock and the loggers are the program's, where it has registered them.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">How it works.</param>
    /// <param name="parts">Makes what it works on and with; in a host when all other services have started.</param>
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

    private sealed class Service(IServiceProvider provider, IHostApplicationLifetime host) : IHostedLifecycleService, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _run = Task.CompletedTask;

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken)
        {
            _run = RunAsync(provider.GetRequiredService<BuildMaster>());
            return Task.CompletedTask;
        }

        /// <summary>Gives what it failed of to the host, which throws it.</summary>
        public async Task StoppingAsync(CancellationToken cancellationToken)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _run.ConfigureAwait(false);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => _stop.Dispose();

        private async Task RunAsync(BuildMaster master)
        {
            try
            {
                await master.RunAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // that is how it ends
            }
            finally
            {
                host.StopApplication();
            }
        }
    }
}
