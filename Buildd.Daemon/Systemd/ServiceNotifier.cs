using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Daemon.Systemd;

/// <summary>
/// Notifies systemd of the service's state, and adds to the host's own notifications those that only a slave knows of. A systemd
/// that can't be reached is no reason to stop building: the log gets one line, and another one only after systemd was reached
/// in between. Any thread may call.
/// </summary>
/// <param name="systemd">Sends the notifications; null without systemd.</param>
/// <param name="logger">Where a failure is reported.</param>
internal sealed class ServiceNotifier(ISystemdNotifier? systemd, ILogger<ServiceNotifier> logger) : ISystemdNotifier
{
    private bool _isUnreachable;

    /// <summary>Whether there is a systemd to notify. Without one, every notification is dropped.</summary>
    public bool IsEnabled => systemd is { IsEnabled: true };

    /// <inheritdoc/>
    public void Notify(ServiceState state) => TryNotify(state);

    /// <summary>Shows what the service is doing, in words for a person.</summary>
    /// <returns>Whether systemd was reached; so for <see cref="Alive"/>.</returns>
    internal bool Status(string text) => TryNotify(new ServiceState($"STATUS={OneLine(text)}"));

    /// <summary>Gives the watchdog a sign of life.</summary>
    internal bool Alive() => TryNotify(new ServiceState("WATCHDOG=1"));

    /// <summary>Notifies that a reload has begun; <see cref="ServiceState.Ready"/> says that it is done.</summary>
    /// <param name="sinceBoot">The monotonic clock, by which systemd distinguishes this reload from an earlier one.</param>
    internal void Reloading(TimeSpan sinceBoot) =>
        Notify(new ServiceState(string.Create(
            CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={sinceBoot.Ticks / TimeSpan.TicksPerMicrosecond}")));

    /// <summary>Replaces line ends: each would begin another message in the service's name.</summary>
    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c)]);

    private bool TryNotify(ServiceState state)
    {
        try
        {
            systemd?.Notify(state);
            Volatile.Write(ref _isUnreachable, false);
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException) // the latter: the address is too long for a socket's
        {
            if (!Interlocked.Exchange(ref _isUnreachable, true))
                logger.LogSystemdUnreachable(e, state.ToString());
            return false;
        }
    }
}
