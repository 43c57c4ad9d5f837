using System.Globalization;
using Buildd.Linux.Processes;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Daemon.Systemd;

/// <summary>The part of the environment by which systemd supervises a service, read once.</summary>
/// <param name="Notifier">Sends to the socket that <c>NOTIFY_SOCKET</c> named; not enabled when there was none.</param>
/// <param name="Watchdog">How long systemd waits for a sign of life before it kills the service; null when it does not watch.</param>
internal sealed record ServiceEnvironment(ISystemdNotifier Notifier, TimeSpan? Watchdog)
{
    /// <summary>
    /// Reads the variables and removes them from this process's environment: a build must not be able to speak for the service.
    /// To be called before anything is started.
    /// </summary>
    internal static ServiceEnvironment Take()
    {
        var notifier = new SystemdNotifier(); // reads NOTIFY_SOCKET now, and never again
        EnvironmentVariable.Take("NOTIFY_SOCKET");
        var (watchdog, pid) = (EnvironmentVariable.Take("WATCHDOG_USEC"), EnvironmentVariable.Take("WATCHDOG_PID"));
        return new ServiceEnvironment(notifier, ParseWatchdog(watchdog, pid, Environment.ProcessId));
    }

    /// <summary>Reads the two variables as sd_watchdog_enabled(3) does: without a process id they are meant for this process.</summary>
    internal static TimeSpan? ParseWatchdog(string? microseconds, string? pid, int ownPid) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
            && (pid is null || pid == ownPid.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(time)
            : null;
}
