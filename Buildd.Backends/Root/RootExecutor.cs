using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Backends.Limits;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>
/// Carries out privileged operations. Whoever asks may be hostile and may change the build's folder meanwhile: so each
/// folder is opened once, without following a link, looked at, and from then on reached through what was opened.
/// </summary>
/// <param name="place">Where.</param>
/// <param name="scope">What the commands belong to.</param>
/// <param name="output">Gets what the commands say.</param>
/// <param name="time">The clock.</param>
internal sealed partial class RootExecutor(RootPlace place, ProcessScope scope, OutputWriter output, TimeProvider time)
{
    /// <summary>
    /// Where a tarball is unpacked: nobody but root gets in there, so that nobody can put a link in the way of what is
    /// unpacked, and what the tarball has beside the chroot never reaches the build's own files.
    /// </summary>
    private const string Staging = ".chroot-unpack";

    /// <summary>Where a file is put that was taken out of the chroot; one at a time. No input of a build has a name that begins so.</summary>
    internal const string Taken = ".taken";

    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>How often unmounting is tried, a second apart; the reference's figure.</summary>
    private const int UnmountAttempts = 20;

    /// <summary>Runs inside, so that a link in the tarball that leads out of the chroot leads nowhere.</summary>
    private const string WriteScript = """umask 022; rm -f "$1" && cat > "$1" && chmod 644 "$1" """;

    /// <summary>What a build expects to find mounted: kind, place below the root, options.</summary>
    private static readonly (string Type, string Point, string Options)[] Mounts =
    [
        ("proc", "proc", ""),
        ("devpts", "dev/pts", "gid=5,mode=620"),
        ("sysfs", "sys", ""),
        ("tmpfs", "dev/shm", ""),
    ];

    /// <summary>Carries out an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="input">Its content.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code of the command that it ran, or 0.</returns>
    /// <exception cref="RootOperationException">It is refused or did not work out.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    internal async Task<int> RunAsync(RootOperation operation, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            if (operation is not RootOperation.OfBuild ofBuild)
            {
                return operation switch
                {
                    RootOperation.Check => 0,
                    RootOperation.TryOverlay => await TryOverlayAsync(cancellationToken).ConfigureAwait(false),
                    RootOperation.Drop drop => await DropAsync(drop.Sha1, cancellationToken).ConfigureAwait(false),
                    _ => throw new InvalidOperationException($"{operation.GetType().Name} is not known"),
                };
            }

            using var build = OpenBuild(ofBuild.BuildId);
            return operation switch
            {
                RootOperation.Unpack unpack => await UnpackAsync(build, unpack.Sha1, cancellationToken).ConfigureAwait(false),
                RootOperation.Overlay overlay => await OverlayAsync(build, overlay.Sha1, cancellationToken).ConfigureAwait(false),
                RootOperation.Mount => Mount(build),
                RootOperation.Write write => await RunInsideAsync(build, ["/bin/sh", "-c", WriteScript, "sh", write.Path], input, cancellationToken).ConfigureAwait(false),
                RootOperation.Inside inside => await RunInsideAsync(build, inside.Command, input, cancellationToken).ConfigureAwait(false),
                RootOperation.Take take => await TakeAsync(build, take.Path, cancellationToken).ConfigureAwait(false),
                RootOperation.Bind bind => Bind(build, bind.Source, bind.Path),
                RootOperation.Define => Define(build, ofBuild.BuildId),
                RootOperation.Undefine => Undefine(build, ofBuild.BuildId),
                RootOperation.Boot boot => await BootAsync(build, boot, cancellationToken).ConfigureAwait(false),
                RootOperation.Booted => await WaitForBootAsync(build, cancellationToken).ConfigureAwait(false),
                RootOperation.Kill => await KillAsync(build, ofBuild.BuildId).ConfigureAwait(false),
                RootOperation.Unmount => await UnmountAsync(build, cancellationToken).ConfigureAwait(false),
                RootOperation.Remove => await RemoveAsync(build, cancellationToken).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"{operation.GetType().Name} is not known"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ProcessException)
        {
            throw new RootOperationException(e.Message);
        }
    }

    private OpenedPath OpenWork() => OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);

    private OpenedPath OpenBuild(string buildId)
    {
        using var work = OpenWork();
        var build = work.OpenFolderBelow("build-" + buildId);
        if (build.Owner == 0 || place.Owners.Contains(build.Owner))
            return build;
        var (name, owner) = (build.Place, build.Owner);
        build.Dispose();
        throw new RootOperationException($"'{name}' belongs to user {owner}, who has no builds here");
    }

    /// <summary>A chroot that was unpacked here belongs to root, which nothing that somebody else puts there does.</summary>
    private static OpenedPath OpenChroot(OpenedPath build)
    {
        var chroot = build.OpenFolderBelow(BuildEnvironment.FolderName);
        if (chroot.Owner == 0)
            return chroot;
        var (name, owner) = (chroot.Place, chroot.Owner);
        chroot.Dispose();
        throw new RootOperationException($"'{name}' belongs to user {owner} and not to root: it is no chroot that was unpacked here");
    }

    private OpenedPath OpenTarball(string sha1)
    {
        using var cache = OpenedPath.Open(place.FileCacheDirectory, place.FollowsLinks);
        var tarball = cache.OpenBelow(sha1);
        if (tarball.IsRegular && (tarball.Owner == 0 || place.Owners.Contains(tarball.Owner)))
            return tarball;
        var name = tarball.Place;
        tarball.Dispose();
        throw new RootOperationException($"'{name}' is no file of the cache");
    }

    private async Task<int> UnpackAsync(OpenedPath build, string sha1, CancellationToken cancellationToken)
    {
        if (build.Has(BuildEnvironment.FolderName))
            throw new RootOperationException($"there is a chroot in '{build.Place}' already");

        using var tarball = OpenTarball(sha1);
        using var staging = await MakeOwnAsync(build, Staging, cancellationToken).ConfigureAwait(false);
        var code = await RunAsync(
            Command.Of("tar", "--numeric-owner", "-xf", tarball.Handle) with { WorkingDirectory = staging.Handle }, cancellationToken).ConfigureAwait(false);
        if (code != 0)
            return code;
        if (!staging.Has(BuildEnvironment.FolderName))
            throw new RootOperationException($"the tarball has no top folder {BuildEnvironment.FolderName}");
        using (var chroot = staging.OpenFolderBelow(BuildEnvironment.FolderName))
        {
            if (chroot.Owner != 0)
                await RunAsync(Command.Of("chown", "0:0", ".") with { WorkingDirectory = chroot.Handle }, cancellationToken).ConfigureAwait(false);
        }

        Directory.Move(Path.Combine(staging.Handle, BuildEnvironment.FolderName), Path.Combine(build.Handle, BuildEnvironment.FolderName));
        return await RemoveAsync(build, Staging, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a folder anew that nobody but root gets into. What an attempt before this one left could hold links, which tar would follow.</summary>
    private async Task<OpenedPath> MakeOwnAsync(OpenedPath around, string name, CancellationToken cancellationToken)
    {
        if (await RemoveAsync(around, name, cancellationToken).ConfigureAwait(false) is not 0 and var code)
            throw new RootOperationException($"'{Path.Combine(around.Place, name)}' could not be removed: rm ended with {code}");
        Directory.CreateDirectory(Path.Combine(around.Handle, name), OnlyOwner);
        var made = around.OpenFolderBelow(name);
        if (made.Owner == 0 && made.Mode == OnlyOwner)
            return made;
        var found = made.Place;
        made.Dispose();
        throw new RootOperationException($"'{found}' was put there by somebody else");
    }

    private static int Mount(OpenedPath build)
    {
        using var chroot = OpenChroot(build);
        // The chroot itself may be an overlay.
        if (MountTable.Below(chroot.Place).Where(point => point != chroot.Place).ToList() is { Count: > 0 } mounted)
            throw new RootOperationException($"there is something mounted already: {string.Join(", ", mounted)}");

        foreach (var (type, point, options) in Mounts)
        {
            // A link here would have us mount over a folder of this machine.
            using var folder = chroot.OpenFolderBelow(point);
            NativeFiles.Mount(type, folder.Handle, options);
        }

        return 0;
    }

    private async Task<int> RunInsideAsync(
        OpenedPath build, IEnumerable<string> words, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        using var chroot = OpenChroot(build);
        var command = BootedContainer.FindInit(chroot) is { } init
            ? Enter(init, words)
            : Command.Of("chroot", [chroot.Handle, .. words]) with { WorkingDirectory = "/" };
        return await RunAsync(command with { StandardInput = input }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> TakeAsync(OpenedPath build, string path, CancellationToken cancellationToken)
    {
        using var chroot = OpenChroot(build);
        using var folder = OpenAround(chroot, path);
        var name = Path.GetFileName(path);
        using var file = folder.OpenBelow(name);
        if (!file.IsRegular)
            throw new RootOperationException($"'{file.Place}' is no ordinary file");
        if (build.Has(Taken))
            throw new RootOperationException($"there is a '{Taken}' in '{build.Place}' already");

        var target = Path.Combine(build.Handle, Taken);
        if (file.Links != 1 || !(NativeFiles.TryRename(Path.Combine(folder.Handle, name), target) || TryMoveFromOverlay(build, chroot, folder, path, file, target)))
        {
            var code = await RunAsync(Command.Of("cp", "--reflink=auto", "--sparse=auto", "--", file.Handle, target), cancellationToken).ConfigureAwait(false);
            if (code != 0)
                return code;
            File.Delete(Path.Combine(folder.Handle, name));
        }

        using var taken = build.OpenBelow(Taken);
        if (!taken.IsRegular || taken.Links != 1)
            throw new RootOperationException($"'{path}' was swapped for something else while it was taken out");
        File.SetUnixFileMode(taken.Handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        NativeFiles.Give(taken.Handle, build.Owner);
        return 0;
    }

    private int Bind(OpenedPath build, string source, string path)
    {
        var allowed = place.ReadableFolders.FirstOrDefault(folder => source == folder || source.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
            ?? throw new RootOperationException($"'{source}' is in no folder that builds may read");
        using var top = OpenedPath.Open(allowed, place.FollowsLinks);
        var below = source[allowed.Length..].Trim('/');
        using var from = below.Length == 0 ? OpenedPath.Open(allowed, place.FollowsLinks) : top.OpenFolderBelow(below);
        using var chroot = OpenChroot(build);
        using (var point = chroot.OpenFolderBelow(path[1..]))
            NativeFiles.Bind(from.Handle, point.Handle);
        // What lies on the folder now is only reached by its path.
        using var bound = chroot.OpenFolderBelow(path[1..]);
        NativeFiles.MakeReadOnly(bound.Handle);
        return 0;
    }

    private static OpenedPath OpenAround(OpenedPath chroot, string path) =>
        Path.GetDirectoryName(path[1..]) is { Length: > 0 } folder ? chroot.OpenFolderBelow(folder) : chroot.OpenFolderBelow(".");

    private int Define(OpenedPath build, string buildId)
    {
        using var chroot = OpenChroot(build);
        SchrootDefinition.Write(place.SchrootDirectory, buildId, chroot.Place);
        return 0;
    }

    private int Undefine(OpenedPath build, string buildId)
    {
        SchrootDefinition.Remove(place.SchrootDirectory, buildId, BuildEnvironment.RootDirectoryIn(build.Place));
        return 0;
    }

    private async Task<int> KillAsync(OpenedPath build, string buildId)
    {
        await KillContainerAsync(build, buildId).ConfigureAwait(false);
        var inside = ProcessScope.Open("kill", BuildEnvironment.RootDirectoryIn(build.Place), time, withControlGroup: false);
        await using var closing = inside.ConfigureAwait(false);
        var survivors = await inside.KillAllAsync(Reaping.Deadline).ConfigureAwait(false);
        return survivors.Count == 0
            ? 0
            : throw new RootOperationException($"still there after {Reaping.Deadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
    }

    private async Task<int> UnmountAsync(OpenedPath build, CancellationToken cancellationToken)
    {
        for (var attempt = 1; InUseBelow(build) is { Count: > 0 }; attempt++)
        {
            foreach (var point in MountsBelow(build))
            {
                // The folder around it is held, so that the path can't lead elsewhere. The point itself must not be held: it would be busy.
                using var around = OpenedPath.Open(Path.GetDirectoryName(point)!);
                if (NativeFiles.Unmount(Path.Combine(around.Handle, Path.GetFileName(point))) is { } mistake)
                    output(Encoding.UTF8.GetBytes($"umount: {point}: {mistake}\n"));
            }

            // One whose file lies in a file system of its own keeps that busy, which is then unmounted in the next attempt.
            foreach (var device in LoopDevices.On(build.Place))
            {
                if (LoopDevices.Detach(device) is { } mistake)
                    output(Encoding.UTF8.GetBytes($"{device}: {mistake}\n"));
            }

            if (InUseBelow(build) is not { Count: > 0 } left)
                break;
            if (attempt == UnmountAttempts)
                throw new RootOperationException($"still mounted or attached after {attempt} attempts: {string.Join(", ", left)}");
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken).ConfigureAwait(false);
        }

        return 0;
    }

    private async Task<int> RemoveAsync(OpenedPath build, CancellationToken cancellationToken)
    {
        if (MountsBelow(build) is { Count: > 0 } mounted)
            throw new RootOperationException($"still mounted: {string.Join(", ", mounted)}");
        foreach (var name in (string[])[Staging, BuildEnvironment.FolderName, Upper])
        {
            if (await RemoveAsync(build, name, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                return code;
        }

        return await RemoveUnfinishedBasesAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A link is removed and not followed.</summary>
    private Task<int> RemoveAsync(OpenedPath build, string name, CancellationToken cancellationToken) => RunAsync(
        Command.Of("rm", "-rf", "--one-file-system", "--", name) with { WorkingDirectory = build.Handle }, cancellationToken);

    private static List<string> MountsBelow(OpenedPath build) =>
        build.Place is var folder ? [.. MountTable.Below(folder).Where(point => point != folder)] : [];

    private static List<string> InUseBelow(OpenedPath build) => [.. MountsBelow(build), .. LoopDevices.On(build.Place)];

    private Task<int> RunAsync(Command command, CancellationToken cancellationToken) => RunAsync(command, output, cancellationToken);

    private async Task<int> RunAsync(Command command, OutputWriter writer, CancellationToken cancellationToken)
    {
        var result = await ProcessRunner.RunAsync(StepEnvironment.Complete(command), writer, scope, cancellationToken)
            .ConfigureAwait(false);
        if (!result.OutputComplete)
            output(Encoding.UTF8.GetBytes($"(something that '{command.File}' left behind still held its output open; the build goes on without it)\n"));
        return result.ExitCode;
    }
}
