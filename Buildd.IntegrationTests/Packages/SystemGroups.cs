using Buildd.Linux.Processes;

namespace Buildd.IntegrationTests.Packages;

/// <summary>
/// Control groups of a booted system's own, in each hierarchy that its systemd uses. Without them nspawn gives all systems
/// that are booted from one group the same: each systemd would take the other's services for its own, and end them.
/// </summary>
/// <param name="name">The groups' name; no other system's.</param>
internal sealed class SystemGroups(string name)
{
    /// <summary>Prints the folder of the group that it runs in, for each hierarchy.</summary>
    private const string FindOwn =
        """
        set -eu
        awk '/ - cgroup2 / { print $5, "" } / - cgroup .*name=systemd/ { print $5, "name=systemd" }' /proc/self/mountinfo |
            while read -r mount hierarchy; do
                awk -F: -v mount="$mount" -v hierarchy="$hierarchy" '$2 == hierarchy { print mount ($3 == "/" ? "" : $3) }' /proc/self/cgroup
            done
        """;

    private const string Join = FindOwn
        + " | while read -r own; do mkdir -p \"$own/$1\"; echo $$ > \"$own/$1/cgroup.procs\"; done; shift; exec \"$@\"";

    private const string Remove = FindOwn
        + " | while read -r own; do [ ! -d \"$own/$1\" ] || find \"$own/$1\" -depth -type d -exec rmdir {} \\; ; done";

    /// <summary>The command, run in the groups by a shell that it replaces.</summary>
    internal Command Enter(Command command) => command.Behind("sh", "-c", Join, "sh", name);

    /// <summary>Removes the groups; what still has processes stays, and is told.</summary>
    /// <returns>What could not be removed, empty when all was.</returns>
    internal async Task<string> RemoveAsync() => (await DebianSystem.TryAsync(Command.Of("sh", "-c", Remove, "sh", name))).Said;
}
