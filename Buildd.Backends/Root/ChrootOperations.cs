using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>The operations on the chroot of a build: unpacking, mounting, running commands in it, and ending all of that again.</summary>
/// <param name="place">Where.</param>
/// <param name="commands">Runs commands.</param>
/// <param name="tarballs">Unpacks tarballs.</param>
/// <param name="overlays">For a chroot that is an overlay.</param>
/// <param name="containers">For a chroot that is booted.</param>
/// <param name="time">The clock.</param>
internal sealed class ChrootOperations(
    RootPlace place, RootCommands commands, ChrootTarball tarballs, OverlayOperations overlays, ContainerOperations containers,
    TimeProvider time)
{
    /// <summary>How often unmounting is tried, a second apart; the reference's figure.</summary>
    private const int UnmountAttempts = 20;

    /// <summary>Runs inside, so that a link in the tarball that leads out of the chroot leads nowhere.</summary>
    private const string WriteScript = """umask 022; rm -f "$1" && cat > "$1" && chmod 644 "$1" """;

    private const string SharedMemory = "dev/shm";

    /// <summary>What a build expects to find mounted: kind, place below the root, options.</summary>
    private static readonly (string Type, string Point, string Options)[] MountedFolders =
    [
        ("proc", "proc", ""),
        ("devpts", "dev/pts", "gid=5,mode=620"),
        ("sysfs", "sys", ""),
        ("tmpfs", SharedMemory, ""),
    ];

    /// <summary>Unpacks a tarball of the file cache.</summary>
    internal Task<int> UnpackAsync(BuildFolder build, Sha1 sha1, CancellationToken cancellationToken) =>
        tarballs.UnpackAsync(build.Opened, sha1, cancellationToken);

    /// <summary>Mounts what a running system has.</summary>
    internal static int Mount(BuildFolder build)
    {
        using var chroot = build.OpenChroot();
        // The chroot itself may be an overlay.
        if (MountTable.Below(chroot.Place).Where(point => point != chroot.Place).ToList() is { Count: > 0 } mounted)
            throw new RootOperationException($"there is something mounted already: {string.Join(", ", mounted)}");

        foreach (var (type, point, options) in MountedFolders)
        {
            MakeMissing(chroot, point);
            if (point == SharedMemory)
                ReplaceLink(chroot);
            // A link here would have us mount over a folder of this machine.
            using var folder = chroot.OpenFolderBelow(point);
            Mounts.Mount(type, folder.Handle, options);
        }

        return 0;
    }

    /// <summary>Makes what is missing in <c>/dev</c>: systems that were made without root, or for containers, have nothing there.</summary>
    private static void MakeMissing(OpenedPath chroot, string point)
    {
        if (Path.GetDirectoryName(point) is not { Length: > 0 } around)
            return;
        using var folder = chroot.OpenFolderBelow(around);
        if (!folder.Has(Path.GetFileName(point)))
            Directory.CreateDirectory(Path.Combine(folder.Handle, Path.GetFileName(point)));
    }

    /// <summary>
    /// Debian's wheezy and its contemporaries have a link to <c>/run/shm</c> there, which would lead us to this machine's. The chroot is
    /// the build's own: it gets a folder in its place.
    /// </summary>
    private static void ReplaceLink(OpenedPath chroot)
    {
        using var around = chroot.OpenFolderBelow(Path.GetDirectoryName(SharedMemory)!);
        var path = Path.Combine(around.Handle, Path.GetFileName(SharedMemory));
        if (new FileInfo(path).LinkTarget is null)
            return;
        File.Delete(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Writes a file in the chroot.</summary>
    internal Task<int> WriteAsync(BuildFolder build, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RunInsideAsync(build, ["/bin/sh", "-c", WriteScript, "sh", path], content, cancellationToken);

    /// <summary>Runs a command in the chroot, or in the container that it is booted in.</summary>
    internal async Task<int> RunInsideAsync(
        BuildFolder build, IEnumerable<string> words, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        using var chroot = build.OpenChroot();
        var command = BootedContainer.FindInit(chroot) is { } init
            ? ContainerOperations.Enter(init, words)
            : Command.Of("chroot", [chroot.Handle, .. words]) with { WorkingDirectory = "/" };
        return await commands.RunAsync(command with { StandardInput = input }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves a file out of the chroot, or copies it where it can't be moved.</summary>
    internal async Task<int> TakeAsync(BuildFolder build, string path, CancellationToken cancellationToken)
    {
        using var chroot = build.OpenChroot();
        using var folder = BuildFolder.OpenAround(chroot, path);
        var name = Path.GetFileName(path);
        using var file = folder.OpenBelow(name);
        if (!file.IsRegular)
            throw new RootOperationException($"'{file.Place}' is no ordinary file");
        if (build.Opened.Has(BuildLayout.Taken))
            throw new RootOperationException($"there is a '{BuildLayout.Taken}' in '{build.Place}' already");

        var target = Path.Combine(build.Opened.Handle, BuildLayout.Taken);
        if (file.Links != 1
            || !(UnixFile.TryRenameToNew(Path.Combine(folder.Handle, name), target)
                || OverlayOperations.TryMoveOut(build, chroot, folder, path, file, target)))
        {
            if (await CopyAsync(file, target, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                return code;
            File.Delete(Path.Combine(folder.Handle, name));
        }

        using var taken = build.Opened.OpenBelow(BuildLayout.Taken);
        if (!taken.IsRegular || taken.Links != 1)
            throw new RootOperationException($"'{path}' was swapped for something else while it was taken out");
        File.SetUnixFileMode(taken.Handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        UnixFile.Give(taken.Handle, build.Opened.Owner);
        return 0;
    }

    /// <summary>
    /// Copies to a file that is made for it. The folder is the build's, which may put a link of that name there at any time: so the copy
    /// goes to what was made, and never to what has the name.
    /// </summary>
    private async Task<int> CopyAsync(OpenedPath file, string target, CancellationToken cancellationToken)
    {
        using var made = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        var code = await commands.RunAsync(
            Command.Of(
                "cp", "--reflink=auto", "--sparse=auto", "--", file.Handle,
                $"/proc/{Environment.ProcessId}/fd/{made.DangerousGetHandle()}"),
            cancellationToken).ConfigureAwait(false);
        if (code == 0 && !(UnixFile.Look(target) is { } now && now.IsSameFileAs(UnixFile.Look(made))))
            throw new RootOperationException($"'{target}' was swapped for something else while a file was copied to it");
        return code;
    }

    /// <summary>Lets the chroot read a folder of this machine.</summary>
    internal int Bind(BuildFolder build, string source, string path)
    {
        var allowed = place.ReadableFolders.FirstOrDefault(
            folder => source == folder || source.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
            ?? throw new RootOperationException($"'{source}' is in no folder that builds may read");
        using var top = OpenedPath.Open(allowed, place.FollowsLinks);
        var below = source[allowed.Length..].Trim('/');
        using var from = below.Length == 0 ? OpenedPath.Open(allowed, place.FollowsLinks) : top.OpenFolderBelow(below);
        using var chroot = build.OpenChroot();
        using (var point = chroot.OpenFolderBelow(path[1..]))
            Mounts.Bind(from.Handle, point.Handle);
        // What lies on the folder now is only reached by its path.
        using var bound = chroot.OpenFolderBelow(path[1..]);
        Mounts.MakeReadOnly(bound.Handle);
        return 0;
    }

    /// <summary>Tells schroot about the chroot.</summary>
    internal int Define(BuildFolder build)
    {
        using var chroot = build.OpenChroot();
        SchrootDefinition.Write(place.SchrootDirectory, build.Id, chroot.Place);
        return 0;
    }

    /// <summary>Makes schroot forget it.</summary>
    internal int Undefine(BuildFolder build)
    {
        SchrootDefinition.Remove(place.SchrootDirectory, build.Id, BuildLayout.ChrootIn(build.Place));
        return 0;
    }

    /// <summary>Kills what runs in the chroot and in its container.</summary>
    internal async Task<int> KillAsync(BuildFolder build)
    {
        await containers.KillAsync(build).ConfigureAwait(false);
        var inside = ProcessScope.Open("kill", BuildLayout.ChrootIn(build.Place), time, withControlGroup: false);
        await using var closing = inside.ConfigureAwait(false);
        var survivors = await inside.KillAllAsync(ProcessRunner.KillDeadline).ConfigureAwait(false);
        return survivors.Count == 0
            ? 0
            : throw new RootOperationException(
                $"still there after {ProcessRunner.KillDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
    }

    /// <summary>
    /// Unmounts all that is mounted below the build's folder, and detaches loop devices from its files. What is busy all the time is taken
    /// out of the folder all the same: somebody who looks around in it must not cost the builder.
    /// </summary>
    internal async Task<int> UnmountAsync(BuildFolder build, CancellationToken cancellationToken)
    {
        for (var attempt = 1; build.FindUses() is { Count: > 0 }; attempt++)
        {
            UnmountOnce(build, Mounts.TryUnmount);
            // One whose file lies in a file system of its own keeps that busy, which is then unmounted in the next attempt.
            foreach (var device in LoopDevices.On(build.Place))
            {
                if (LoopDevices.Detach(device) is { } mistake)
                    commands.WriteLine($"{device}: {mistake}");
            }

            if (build.FindUses() is not { Count: > 0 } left)
                break;
            if (attempt == UnmountAttempts)
            {
                commands.WriteLine($"umount: busy after {attempt} attempts, and detached: {string.Join(", ", left)}");
                UnmountOnce(build, Mounts.TryDetach);
                if (build.FindUses() is { Count: > 0 } kept)
                    throw new RootOperationException($"still mounted or attached after {attempt} attempts: {string.Join(", ", kept)}");
                break;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
        }

        return 0;
    }

    private void UnmountOnce(BuildFolder build, Func<string, string?> unmount)
    {
        foreach (var point in build.FindMounts())
        {
            // The folder around it is held, so that the path can't lead elsewhere. The point itself must not be held: it would be busy.
            using var around = OpenedPath.Open(Path.GetDirectoryName(point)!);
            if (unmount(Path.Combine(around.Handle, Path.GetFileName(point))) is { } mistake)
                commands.WriteLine($"umount: {point}: {mistake}");
        }
    }

    /// <summary>
    /// Removes the chroot, never across a mount, and the door, where a container's root may have left what only root removes.
    /// </summary>
    internal async Task<int> RemoveAsync(BuildFolder build, CancellationToken cancellationToken)
    {
        build.RefuseMounts();
        foreach (var name in (string[])[BuildLayout.Staging, BuildLayout.Chroot, BuildLayout.Overlay, BuildLayout.Door])
        {
            if (await commands.RemoveAsync(build.Opened, name, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                return code;
        }

        return await overlays.RemoveUnfinishedAsync(cancellationToken).ConfigureAwait(false);
    }
}
