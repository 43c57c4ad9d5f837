using System.Globalization;
using System.Net.Sockets;
using Buildd.Linux.Text;

namespace Buildd.Linux.Systemd;

/// <summary>
/// Notifies systemd of the service's state. A systemd that can't be reached is no reason to stop working: it is reported once, and
/// again only after systemd was reached in between. Any thread may call.
/// </summary>
/// <param name="send">Sends a notification, and throws as a socket does; null without systemd, then every notification is dropped.</param>
/// <param name="unreachable">Gets the failure and the notification that was lost.</param>
public sealed class ServiceNotifier(Action<string>? send, Action<Exception, string> unreachable)
{
    /// <summary>The notification that the service has started, or has reloaded its configuration.</summary>
    public const string Ready = "READY=1";

    /// <summary>The notification that the service is about to end.</summary>
    public const string Stopping = "STOPPING=1";

    private bool _isUnreachable;

    /// <summary>Whether there is a systemd to notify.</summary>
    public bool IsEnabled => send is not null;

    /// <summary>Sends a notification, by the protocol of sd_notify(3).</summary>
    /// <returns>Whether systemd was reached, or there is none; so for the methods below.</returns>
    public bool Notify(string state)
    {
        try
        {
            send?.Invoke(state);
            Volatile.Write(ref _isUnreachable, false);
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException) // the latter: the address is too long for a socket's
        {
            if (!Interlocked.Exchange(ref _isUnreachable, true))
                unreachable(e, state);
            return false;
        }
    }

    /// <summary>Shows what the service is doing, in words for a person; control characters in them are replaced.</summary>
    public bool Status(string text) => Notify($"STATUS={Printable.Line(text)}");

    /// <summary>Gives the watchdog a sign of life.</summary>
    public bool Alive() => Notify("WATCHDOG=1");

    /// <summary>Notifies that a reload has begun; <see cref="Ready"/> says that it is done.</summary>
    /// <param name="sinceBoot">The monotonic clock, by which systemd distinguishes this reload from an earlier one.</param>
    public bool Reloading(TimeSpan sinceBoot) =>
        Notify(
            string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={sinceBoot.Ticks / TimeSpan.TicksPerMicrosecond}"));
}
