using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Linux.Processes;
using Buildd.Linux.Systemd;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm run</c>: hands builds to builders until it is stopped.</summary>
internal static partial class RunCommand
{
    internal static System.CommandLine.Command Create()
    {
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Say more." };
        var json = new Option<bool>("--json") { Description = "Write what happens to standard output, as a line of JSON for each event." };
        var untilStdinCloses = new Option<bool>("--until-stdin-closes")
        {
            Description = "End when standard input closes, so that a program which started this never leaves it behind.",
        };
        return new System.CommandLine.Command(
            "run",
            "Hand builds to builders, watch them, bring their results home and process them; serve builders what they need. "
            + "Until it is stopped (SIGTERM, Ctrl-C): builds run on meanwhile.") { verbose, json, untilStdinCloses }
            .WithSession(
                async (session, parsed, stop) =>
                {
                    await RunAsync(session, parsed.GetValue(verbose), parsed.GetValue(json), parsed.GetValue(untilStdinCloses), stop);
                    return FarmExitCode.Done;
                },
                stopping: "stopping; builds go on at their builders",
                makesStore: true,
                waitsForStore: true);
    }

    /// <summary>Runs until cancelled.</summary>
    private static async Task RunAsync(
        FarmSession session, bool isVerbose, bool tellsEvents, bool endsWithStdin, CancellationToken cancellationToken)
    {
        FarmEnvironment.Clear();
        Directory.SetCurrentDirectory("/"); // the configuration's paths are full ones, and no file system is held
        var (sender, _) = ServiceEnvironment.Take(() => new SystemdNotifier());
        using var living = session.Runs.Begin(session.RunName);
        session.Store.Builders.IsAlive = session.Runs.IsAlive;
        await using var farm = FarmApplication.Create(session, isVerbose, tellsEvents);
        var systemd = new ServiceNotifier(
            sender.IsEnabled ? state =>
                sender.Notify(new ServiceState(state)) : null, (e, state) => LogSystemdUnreachable(farm.Logger, e, state));
        ProcessScope.RemoveLeft();
        if (StateFiles.IsOpenToAll(session.Configuration.State))
            LogStateOpen(farm.Logger, session.Configuration.State);
        if (session.Inputs.RemoveLeftovers(session.Time) is var left and > 0)
            LogInputsRemoved(farm.Logger, left);
        await SettleLeasesAsync(session, farm.Logger, cancellationToken);
        var url = await farm.StartAsync(session);
        using var stopping = farm.Lifetime.ApplicationStopping.Register(() => systemd.Notify(ServiceNotifier.Stopping));
        using var stop = cancellationToken.Register(farm.Lifetime.StopApplication);
        if (endsWithStdin)
            _ = StopWithStdinAsync(farm.Lifetime); // nothing can call off the reading; it ends with the process
        if (await farm.WaitUntilReadyAsync())
        {
            if (!tellsEvents)
                await session.Output.WriteLineAsync($"buildd-farm ready: the store is {session.Store.Name}, inputs are served at {url}");
            await session.Output.FlushAsync(CancellationToken.None);
            systemd.Notify($"{ServiceNotifier.Ready}\nSTATUS=inputs are served at {url}");
        }

        await farm.WaitForShutdownAsync(CancellationToken.None);
    }

    /// <summary>Gives back what runs had that were killed, and says what belongs to others.</summary>
    private static async Task SettleLeasesAsync(FarmSession session, ILogger logger, CancellationToken cancellationToken)
    {
        var builders = await session.Store.Builders.ListAsync(cancellationToken);
        var now = session.Time.GetUtcNow();
        foreach (var lease in builders.Where(builder => builder.LeaseOwner is not null).GroupBy(builder => builder.LeaseOwner!))
        {
            var until = lease.Max(builder => builder.LeaseExpires);
            if (session.Runs.IsAlive(lease.Key) == false)
            {
                await session.Store.Builders.ReleaseAsync(lease.Key, cancellationToken);
                LogLeasesFreed(logger, lease.Count(), Runs.Describe(lease.Key));
            }
            else if (until > now && until <= now + (2 * session.Configuration.LeaseDuration))
            {
                LogLeasesHeld(logger, lease.Count(), Listing.Text(until), Runs.Describe(lease.Key));
            }
        }

        session.Runs.Sweep();
    }

    private static async Task StopWithStdinAsync(IHostApplicationLifetime host)
    {
        await StandardInput.WaitForEndAsync();
        host.StopApplication();
    }

    [LoggerMessage(LogLevel.Information, "{Count} builders were given back: the run that had them ({Owner}) was killed")]
    private static partial void LogLeasesFreed(ILogger logger, int count, string owner);

    [LoggerMessage(
        LogLevel.Warning,
        "{Count} builders belong to another run until {Until} ({Owner}); 'buildd-farm builders release' gives them back")]
    private static partial void LogLeasesHeld(ILogger logger, int count, string until, string owner);

    [LoggerMessage(LogLevel.Information, "Removed {Count} inputs that a command which was killed had taken in by half")]
    private static partial void LogInputsRemoved(ILogger logger, int count);

    [LoggerMessage(
        LogLevel.Warning,
        "Every account of this machine may read {Folder}, which has sources and logs in it; 'chmod o= {Folder}' ends that")]
    private static partial void LogStateOpen(ILogger logger, string folder);

    [LoggerMessage(
        LogLevel.Warning,
        "systemd could not be notified of {State}; the farm goes on without. NOTIFY_SOCKET should name a socket at which systemd listens")]
    private static partial void LogSystemdUnreachable(ILogger logger, Exception exception, string state);
}
