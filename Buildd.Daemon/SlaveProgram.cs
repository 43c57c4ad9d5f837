using System.Net.Sockets;
using System.Runtime.InteropServices;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Daemon.Systemd;
using Buildd.Linux.Processes;
using Buildd.Linux.Systemd;
using Buildd.Slave.Files;
using Buildd.Slave.Lifecycle;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Daemon;

/// <summary>What the commands of <c>buildd-slave</c> do. Each returns the exit code.</summary>
internal static class SlaveProgram
{
    internal const int ConfigurationError = 78; // EX_CONFIG of sysexits.h: starting again will not help

    /// <summary>The exit code when an aborted build does not end. EX_TEMPFAIL of sysexits.h: starting again will help.</summary>
    internal const int BuildStuck = 75;

    /// <summary>The time that the last lines of the log have to be written before the program ends all the same.</summary>
    private static readonly TimeSpan LastLinesDeadline = TimeSpan.FromSeconds(5);

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
        var (systemd, watchdog) = ServiceEnvironment.Take(() => new SystemdNotifier());
        try
        {
            var sockets = ActivationSockets.TakeFromEnvironment();
            ServiceGroup.Enter(OwnGroup);
            var configuration = DaemonConfiguration.Load(path, version, overrides);
            Directory.SetCurrentDirectory("/"); // all that was named is known by its full path now, and no file system is held
            await using var application = SlaveApplication.Create(configuration, sockets, systemd);
            var log = application.Services.GetRequiredService<DaemonLog>();
            var logger = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SlaveProgram).FullName!);
            foreach (var warning in configuration.Warnings.Concat(configuration.NotOffered))
                logger.LogConfigurationWarning(warning);
            var notifier = application.Services.GetRequiredService<ServiceNotifier>();
            var lifetime = application.Lifetime;
            Volatile.Write(ref reload, () => Reload(log, notifier, lifetime));
            // Under systemd the host handles SIGTERM only. These end the slave in the same way wherever it runs.
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Stop);

            await application.StartAsync();
            var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            if (configuration.Log.Path is not null)
                logger.LogReady(version, address);
            // One line that a program which starts a slave can wait for.
            await Console.Out.WriteLineAsync($"buildd-slave {version} ready at {address}");
            var reporter = new ServiceReporter(
                notifier, watchdog, application.Services.GetRequiredService<BuilderWatch>().Look, address, TimeProvider.System);
            var reporting = reporter.RunAsync(lifetime.ApplicationStopping);
            if (stopWithStdin)
                _ = StopWithStdinAsync(lifetime);
            var stuck = application.Services.GetRequiredService<BuilderWatch>().Stuck;
            if (await Task.WhenAny(application.WaitForShutdownAsync(), stuck) == stuck)
                await ExitAsync(log);
            await reporting;
            return 0;

            void Stop(PosixSignalContext context)
            {
                context.Cancel = true;
                lifetime.StopApplication();
            }
        }
        catch (Exception e) when (e is ConfigurationException or JournalException or FileCacheException)
        {
            return await FailAsync(e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException) // the latter: the address is another machine's
        {
            await Console.Error.WriteLineAsync($"buildd-slave: can't listen: {e.Message}; bindhost and bindport name the address");
            return 1;
        }
    }

    /// <summary>Opens the log file again, and notifies systemd before and after, by the protocol of <c>Type=notify-reload</c>.</summary>
    private static void Reload(DaemonLog log, ServiceNotifier systemd, IHostApplicationLifetime lifetime)
    {
        var isReady = lifetime.ApplicationStarted.IsCancellationRequested; // before that, READY=1 would be untrue
        if (isReady)
            systemd.Reloading(TimeProvider.System.GetElapsedTime(0));
        log.Reopen();
        if (isReady)
            systemd.Notify(ServiceNotifier.Ready);
    }

    /// <summary>Ends the process without disposing of the application, which would wait for the build that does not end.</summary>
    private static async Task ExitAsync(DaemonLog log)
    {
        // The disk of the log may be what the build is stuck in.
        await Task.WhenAny(log.DisposeAsync().AsTask(), Task.Delay(LastLinesDeadline));
        Environment.Exit(BuildStuck);
    }

    private static async Task StopWithStdinAsync(IHostApplicationLifetime lifetime)
    {
        await StandardInput.WaitForEndAsync(); // nothing can call off the reading; it ends with the process
        lifetime.StopApplication();
    }
}
