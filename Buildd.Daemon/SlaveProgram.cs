using System.Net.Sockets;
using System.Runtime.InteropServices;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Daemon.Systemd;
using Buildd.Processes;
using Buildd.Slave.Lifecycle;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Buildd.Daemon;

/// <summary>What the commands of <c>buildd-slave</c> do. Each returns the exit code.</summary>
internal static class SlaveProgram
{
    internal const int ConfigurationError = 78; // EX_CONFIG of sysexits.h: starting again will not help

    /// <summary>The control group below the unit's that the slave itself is in; those of builds are beside it.</summary>
    private const string OwnGroup = "slave";

    /// <summary>Says why there is nothing to start with.</summary>
    internal static async Task<int> FailAsync(string mistake)
    {
        await Console.Error.WriteLineAsync($"buildd-slave: {mistake}");
        return ConfigurationError;
    }

    /// <summary>Prints the version and, if wanted, a second line with the form that the program was published in.</summary>
    internal static async Task<int> PrintVersionAsync(string version, bool verbose)
    {
        await Console.Out.WriteLineAsync(version);
        if (verbose)
            await Console.Out.WriteLineAsync(ProgramForm.Describe());
        return 0;
    }

    /// <summary>Reads the configuration and prints what was understood.</summary>
    internal static async Task<int> CheckAsync(string path, string version, ConfigurationOverrides overrides)
    {
        try
        {
            var configuration = DaemonConfiguration.Load(path, version, overrides);
            foreach (var line in configuration.Describe())
                await Console.Out.WriteLineAsync(line);
            foreach (var warning in configuration.Warnings.Concat(configuration.NotOffered))
                await Console.Error.WriteLineAsync($"buildd-slave: warning: {warning}");
            return 0;
        }
        catch (ConfigurationException e)
        {
            return await FailAsync(e.Message);
        }
    }

    /// <summary>Runs the slave until it is told to stop.</summary>
    internal static async Task<int> RunAsync(string path, string version, ConfigurationOverrides overrides, bool stopWithStdin)
    {
        Action? reload = null;
        // From the start: what the signal does by itself is to end the process.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Volatile.Read(ref reload)?.Invoke();
        });
        var systemd = ServiceManager.TakeFromEnvironment();
        try
        {
            var sockets = ActivationSockets.TakeFromEnvironment();
            ServiceGroup.Enter(OwnGroup);
            var configuration = DaemonConfiguration.Load(path, version, overrides);
            await using var application = SlaveApplication.Create(configuration, sockets);
            var log = application.Services.GetRequiredService<DaemonLog>();
            var logger = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SlaveProgram).FullName!);
            foreach (var warning in configuration.Warnings.Concat(configuration.NotOffered))
                logger.LogConfigurationWarning(warning);
            Volatile.Write(ref reload, log.Reopen); // systemd is not told: the service is not ready yet

            await application.StartAsync();
            var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            if (configuration.Log.Path is not null)
                logger.LogReady(version, address);
            // One line that a program which starts a slave can wait for.
            await Console.Out.WriteLineAsync($"buildd-slave {version} ready at {address}");
            application.Lifetime.ApplicationStopping.Register(() => Tell(logger, "stopping", systemd.Stopping));
            var reporter = new ServiceReporter(
                systemd, application.Services.GetRequiredService<BuilderWatch>().Look, address, TimeProvider.System, logger);
            Tell(logger, "ready", () => systemd.Ready($"listens at {address}"));
            Volatile.Write(ref reload, () =>
            {
                Tell(logger, "reloading", () => systemd.Reloading(TimeProvider.System.GetElapsedTime(0)));
                log.Reopen();
                Tell(logger, "ready", systemd.Reloaded);
            });
            var reporting = reporter.RunAsync(application.Lifetime.ApplicationStopping);
            if (stopWithStdin)
                _ = StopWithStdinAsync(application.Lifetime);
            await application.WaitForShutdownAsync();
            await reporting;
            return 0;
        }
        catch (Exception e) when (e is ConfigurationException or JournalException)
        {
            return await FailAsync(e.Message);
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"buildd-slave: can't listen: {e.Message}");
            return 1;
        }
    }

    /// <summary>A systemd that does not listen is no reason to stop building.</summary>
    private static void Tell(ILogger logger, string state, Action notify)
    {
        try
        {
            notify();
        }
        catch (SocketException e)
        {
            logger.LogNotNotified(e, state);
        }
    }

    private static async Task StopWithStdinAsync(IHostApplicationLifetime lifetime)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer, lifetime.ApplicationStopping) > 0)
        {
            // what it says does not matter, only that it goes on
        }

        lifetime.StopApplication();
    }
}
