using System.CommandLine;
using System.Net.Sockets;
using Buildd.Cli.Application;
using Buildd.Linux.Processes;
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
                    return ExitCode.Done;
                },
                stopping: "stopping; builds go on at their builders");
    }

    /// <summary>Runs until cancelled.</summary>
    private static async Task RunAsync(FarmSession session, bool isVerbose, bool tellsEvents, bool endsWithStdin, CancellationToken cancellationToken)
    {
        var systemd = TakeNotifier();
        await using var farm = FarmApplication.Create(session, isVerbose, tellsEvents);
        var url = await farm.StartAsync(session);
        if (!tellsEvents)
            await session.Output.WriteLineAsync($"buildd-farm ready: the store is {session.Store.Path}, inputs are served at {url}");
        await session.Output.FlushAsync(CancellationToken.None);
        Notify(farm.Logger, systemd, new ServiceState($"READY=1\nSTATUS=inputs are served at {url}"));
        using var stopping = farm.Lifetime.ApplicationStopping.Register(() => Notify(farm.Logger, systemd, ServiceState.Stopping));
        using var stop = cancellationToken.Register(farm.Lifetime.StopApplication);
        if (endsWithStdin)
            _ = StopWithStdinAsync(farm.Lifetime); // nothing can call off the reading; it ends with the process
        await farm.WaitForShutdownAsync(CancellationToken.None);
    }

    private static async Task StopWithStdinAsync(IHostApplicationLifetime host)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer, CancellationToken.None) > 0)
        {
            // what it says does not matter, only that it goes on
        }

        host.StopApplication();
    }

    /// <summary>Reads systemd's address, and removes it from the environment: nothing that the farm starts may speak for it.</summary>
    private static SystemdNotifier TakeNotifier()
    {
        var systemd = new SystemdNotifier(); // reads NOTIFY_SOCKET now, and never again
        foreach (var variable in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
            EnvironmentVariable.Take(variable);
        return systemd;
    }

    /// <summary>A systemd that can't be reached is no reason to stop.</summary>
    private static void Notify(ILogger logger, SystemdNotifier systemd, ServiceState state)
    {
        try
        {
            systemd.Notify(state);
        }
        catch (Exception e) when (e is SocketException or ArgumentException) // the latter: the address is too long for a socket's
        {
            LogSystemdUnreachable(logger, e, state.ToString());
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "systemd could not be notified of {State}; the farm goes on without. NOTIFY_SOCKET should name a socket at which systemd listens")]
    private static partial void LogSystemdUnreachable(ILogger logger, Exception exception, string state);
}
