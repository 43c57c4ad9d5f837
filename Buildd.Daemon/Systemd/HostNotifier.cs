using Buildd.Linux.Systemd;
using Microsoft.Extensions.Hosting.Systemd;

namespace Buildd.Daemon.Systemd;

/// <summary>Sends the host's own notifications, that it has started and that it stops, on the way of all others.</summary>
internal sealed class HostNotifier(ServiceNotifier systemd) : ISystemdNotifier
{
    public bool IsEnabled => systemd.IsEnabled;

    public void Notify(ServiceState state) => systemd.Notify(state.ToString());
}
