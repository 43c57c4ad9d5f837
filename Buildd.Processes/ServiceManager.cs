using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Buildd.Processes;

/// <summary>Tells systemd how the service is doing, by the protocol of sd_notify(3). Without systemd it tells nobody.</summary>
/// <param name="path">Where systemd listens; null when it does not.</param>
/// <param name="watchdog">How long systemd waits for a sign of life before it ends the service; null when it does not.</param>
public sealed class ServiceManager(string? path, TimeSpan? watchdog = null)
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private const string WatchdogPidVariable = "WATCHDOG_PID";

    /// <summary>Whether there is somebody to tell.</summary>
    public bool IsThere => !string.IsNullOrEmpty(path);

    /// <summary>How long systemd waits for a sign of life; null when it does not.</summary>
    public TimeSpan? Watchdog => watchdog;

    /// <summary>Takes what systemd says from the environment, and out of it: what builds start shall not speak for us.</summary>
    public static ServiceManager TakeFromEnvironment()
    {
        var socket = EnvironmentVariable.Take(SocketVariable);
        var watchdog = ParseWatchdog(EnvironmentVariable.Take(WatchdogVariable), EnvironmentVariable.Take(WatchdogPidVariable), Environment.ProcessId);
        return new ServiceManager(socket, watchdog);
    }

    /// <summary>Reads the two variables, by sd_watchdog_enabled(3): without a process named it is meant for us.</summary>
    internal static TimeSpan? ParseWatchdog(string? microseconds, string? pid, int ownPid) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
            && (pid is null || pid == ownPid.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(time)
            : null;

    /// <summary>The service listens.</summary>
    /// <param name="status">What it is doing, in words for a person.</param>
    /// <exception cref="SocketException">There is a socket and it can't be reached; so for all below.</exception>
    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>What the service is doing now.</summary>
    /// <param name="status">The same.</param>
    public void Status(string status) => Send($"STATUS={OneLine(status)}");

    /// <summary>The service lives.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>The service has begun to read again what it reads on SIGHUP.</summary>
    /// <param name="sinceBoot">The monotonic clock, by which systemd tells an answer to its signal from an earlier one.</param>
    public void Reloading(TimeSpan sinceBoot) => Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={sinceBoot.Ticks / TimeSpan.TicksPerMicrosecond}"));

    /// <summary>It has done so.</summary>
    public void Reloaded() => Send("READY=1");

    /// <summary>The service has begun to stop.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>A line end would begin another message, in the service's name.</summary>
    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c)]);

    private void Send(string state)
    {
        if (string.IsNullOrEmpty(path))
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path)); // @ stands for an abstract name
        socket.Send(Encoding.UTF8.GetBytes(state));
    }
}
