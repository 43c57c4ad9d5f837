using Buildd.Linux.Processes;

namespace Buildd.Linux.Systemd;

/// <summary>The control group of the systemd unit that this process is the service of.</summary>
public static class ServiceGroup
{
    /// <summary>
    /// Moves this process into a group of its own below the unit's, as <c>DelegateSubgroup=</c> does from systemd 254 on:
    /// the kernel hands controllers on only below a group without processes, so this is what limits of builds need.
    /// To be called before anything is started, by a program whose unit says <c>Delegate=</c>.
    /// </summary>
    /// <param name="name">The group's name; one part of a path.</param>
    /// <returns>
    /// Whether it is in such a group now. It is not where systemd did not give the unit's group to this user, and not as
    /// root, for whom nothing tells a group that was delegated from one that is systemd's own.
    /// </returns>
    public static bool Enter(string name) => !CurrentUser.IsRoot && ControlGroup.EnterBelowUnit(name);
}
