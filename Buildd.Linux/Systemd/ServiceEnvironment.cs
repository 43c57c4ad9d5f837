using System.Globalization;
using Buildd.Linux.Processes;

namespace Buildd.Linux.Systemd;

/// <summary>The part of the environment by which systemd supervises a service.</summary>
public static class ServiceEnvironment
{
    /// <summary>
    /// Reads the variables and removes them from this process's environment: a build must not be able to speak for the service.
    /// To be called before anything is started, and once.
    /// </summary>
    /// <typeparam name="T">What sends notifications.</typeparam>
    /// <param name="open">Makes it, from <c>NOTIFY_SOCKET</c>, which is in the environment until this returns.</param>
    /// <returns>It, and how long systemd waits for a sign of life before it kills the service; null when it does not watch.</returns>
    public static (T Notifier, TimeSpan? Watchdog) Take<T>(Func<T> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        var notifier = open();
        EnvironmentVariable.Take("NOTIFY_SOCKET");
        var (watchdog, pid) = (EnvironmentVariable.Take("WATCHDOG_USEC"), EnvironmentVariable.Take("WATCHDOG_PID"));
        return (notifier, ParseWatchdog(watchdog, pid, Environment.ProcessId));
    }

    /// <summary>Reads the two variables as sd_watchdog_enabled(3) does: without a process id they are meant for this process.</summary>
    internal static TimeSpan? ParseWatchdog(string? microseconds, string? pid, int ownPid) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
            && (pid is null || pid == ownPid.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(time)
            : null;
}
