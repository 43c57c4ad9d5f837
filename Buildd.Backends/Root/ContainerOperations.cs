using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>The operations that boot a build's system as a container, and end it.</summary>
/// <param name="commands">Runs commands.</param>
/// <param name="time">The clock.</param>
internal sealed class ContainerOperations(RootCommands commands, TimeProvider time)
{
    /// <summary>How long a system may take to boot. A second is usual; one that fails to start something takes 90.</summary>
    private static readonly TimeSpan BootDeadline = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan BootPollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// What a command may do in the container: what nspawn gives to the first process, by its manual. A command that enters from
    /// outside would otherwise have all that root has.
    /// </summary>
    private const string Capabilities =
        "-all,+audit_control,+audit_write,+chown,+dac_override,+dac_read_search,+fowner,+fsetid,+ipc_owner,+kill,+lease,+linux_immutable,"
        + "+mknod,+net_bind_service,+net_broadcast,+net_raw,+setfcap,+setgid,+setpcap,+setuid,+sys_admin,+sys_boot,+sys_chroot,+sys_nice,"
        + "+sys_ptrace,+sys_resource,+sys_tty_config";

    /// <summary>
    /// $1 and $2 are the chroot and the door, $3 and $4 what they have to be, $5 the stage; the rest is nspawn's. What was bound
    /// is looked at once more: whoever may rename folders on the way could have had something else bound.
    /// </summary>
    private const string BootScript =
        """
        bind() {
            mount --bind -- "$1" "$3" || exit 1
            [ "$(stat -c %d:%i "$3")" = "$2" ] || { echo "'$1' was exchanged" >&2; exit 1; }
        }
        bind "$1" "$3" "$5/root"
        bind "$2" "$4" "$5/door"
        shift 5
        SYSTEMD_NSPAWN_TMPFS_TMP=0 exec systemd-nspawn "$@"
        """;

    /// <summary>Boots the system, and ends when it has ended.</summary>
    internal async Task<int> BootAsync(BuildFolder build, bool hasNetwork, CancellationToken cancellationToken)
    {
        using var chroot = build.OpenChroot();
        using var door = build.Opened.OpenFolderBelow(BuildLayout.Door);
        build.RefuseMounts();
        var container = new BootedContainer(build.Opened);
        if (container.FindProcesses(chroot).Any())
            throw new RootOperationException($"'{chroot.Place}' is booted already");

        await container.RemoveTracesAsync(build.Id, chroot, time).ConfigureAwait(false);
        Directory.CreateDirectory(container.Stage, RootCommands.OnlyOwner);
        Directory.CreateDirectory(Path.Combine(container.Stage, "root"));
        Directory.CreateDirectory(Path.Combine(container.Stage, "door"));
        string[] nspawn =
        [
            "--quiet", "--boot", $"--directory={container.Stage}/root", container.NameOption,
            $"--bind={container.Stage}/door:{BootedContainer.DoorInside}",
            // There may be no systemd and no D-Bus on this machine, and nothing else than this line has a say.
            "--register=no", "--keep-unit", "--settings=no", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
            "--console=pipe",
            .. hasNetwork ? (string[])[] : ["--private-network"],
        ];
        string[] shell =
        [
            "/bin/sh", "-c", BootScript, "sh", chroot.Place, door.Place, chroot.Identity, door.Identity, container.Stage,
        ];
        return await commands.RunAsync(
            Command.Of("unshare", ["--mount", "--propagation", "private", "--", .. shell, .. nspawn]) with { WorkingDirectory = "/" },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the system has booted. That some of its services have failed is said, and no failure.</summary>
    internal async Task<int> WaitForBootAsync(BuildFolder build, CancellationToken cancellationToken)
    {
        using var chroot = build.OpenChroot();
        using var deadline = new CancellationTokenSource(BootDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            while (true)
            {
                if (BootedContainer.FindInit(chroot) is { } init)
                {
                    var said = new StringBuilder();
                    var code = await commands.RunAsync(
                        Enter(init, ["systemctl", "is-system-running", "--wait"]),
                        bytes => said.Append(Encoding.UTF8.GetString(bytes)), either.Token).ConfigureAwait(false);
                    var state = said.ToString().Trim();
                    if (code == 0 || state is "running" or "degraded")
                    {
                        commands.WriteLine($"The system has booted: {state}");
                        return 0;
                    }
                }

                await Task.Delay(BootPollInterval, time, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RootOperationException(
                string.Create(CultureInfo.InvariantCulture, $"the system has not booted within {BootDeadline.TotalSeconds:0} s"));
        }
    }

    /// <summary>A command of root's in the container. The network is the machine's in any case: what installs packages needs it.</summary>
    internal static Command Enter(int init, IEnumerable<string> words) =>
        Command.Of(
            "nsenter", ["--target", init.ToString(CultureInfo.InvariantCulture), "--mount", "--pid", "--ipc", "--uts", "--", .. words])
            .Behind("setpriv", $"--bounding-set={Capabilities}", $"--inh-caps=-all", "--")
        with
        { WorkingDirectory = "/", StopsGroup = true };

    /// <summary>Kills the container, until nothing of it is found; then what nspawn has left of it goes.</summary>
    internal async Task KillAsync(BuildFolder build)
    {
        using var chroot = build.TryOpenChroot();
        var container = new BootedContainer(build.Opened);
        var scoped = ProcessScope.OpenOver(() => container.FindProcesses(chroot), time);
        await using var closing = scoped.ConfigureAwait(false);
        var survivors = await scoped.KillAllAsync(ProcessRunner.KillDeadline).ConfigureAwait(false);
        if (survivors.Count > 0)
        {
            throw new RootOperationException(
                $"still there after {ProcessRunner.KillDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
        }

        await container.RemoveTracesAsync(build.Id, chroot, time).ConfigureAwait(false);
    }
}
