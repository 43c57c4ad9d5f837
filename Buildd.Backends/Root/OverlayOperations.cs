using Buildd.Backends.Commands;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>The operations on chroots that are overlays, and on the tarballs that were unpacked once for them.</summary>
/// <param name="place">Where.</param>
/// <param name="commands">Runs commands.</param>
/// <param name="tarballs">Unpacks tarballs.</param>
/// <param name="time">The clock.</param>
internal sealed class OverlayOperations(RootPlace place, RootCommands commands, ChrootTarball tarballs, TimeProvider time)
{
    /// <summary>In the folder of the overlay, what the build has written.</summary>
    private const string UpperPart = "upper";

    /// <summary>
    /// What has to work, in a mount namespace of its own, so that nothing stays mounted whenever this is killed: what is
    /// removed below is gone above, a folder made anew is empty, and one from below can be renamed.
    /// </summary>
    private static readonly string TryScript = Scripts.Text("Root/try-overlay.sh");

    /// <summary>Mounts an overlay as the chroot of a build; its tarball is unpacked first if it was not.</summary>
    internal async Task<int> MountAsync(BuildFolder build, Sha1 sha1, CancellationToken cancellationToken)
    {
        if (build.Opened.Has(BuildLayout.Chroot))
            throw new RootOperationException($"there is a chroot in '{build.Place}' already");

        using var work = OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);
        using var bases = ChrootBase.OpenFolder(work);
        // Held until it is mounted: then the kernel's list of mounts says that it is in use.
        BaseLock reliance;
        while (true)
        {
            reliance = await BaseLock.TakeAsync(bases, sha1.ToString(), isShared: true, time, cancellationToken).ConfigureAwait(false);
            if (bases.Has(sha1.ToString()))
                break;
            reliance.Dispose();
            if (await UnpackBaseAsync(bases, sha1, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                return code;
        }

        using var relied = reliance;
        using var lower = ChrootBase.TryUse(bases, sha1, time)!;
        using var own = await commands.MakeOwnAsync(build.Opened, BuildLayout.Overlay, cancellationToken).ConfigureAwait(false);
        // The merged root folder has the upper one's mode.
        Directory.CreateDirectory(Path.Combine(own.Handle, UpperPart), lower.Mode);
        File.SetUnixFileMode(Path.Combine(own.Handle, UpperPart), lower.Mode);
        Directory.CreateDirectory(Path.Combine(own.Handle, "work"), RootCommands.OnlyOwner);
        using var upper = own.OpenFolderBelow(UpperPart);
        using var scratch = own.OpenFolderBelow("work");
        Directory.CreateDirectory(Path.Combine(build.Opened.Handle, BuildLayout.Chroot));
        using var point = build.OpenChroot();
        // By the open folders, so that no name is looked up again, nor any comma in one read as the end of an option.
        Mounts.Mount(
            "overlay", point.Handle,
            $"lowerdir={lower.Handle},upperdir={upper.Handle},workdir={scratch.Handle},{ChrootBase.MountOptions}",
            ChrootBase.MountSource(sha1));
        return 0;
    }

    /// <summary>
    /// Moves a file out of what the build changed. The kernel renames nothing out of an overlay, and copying an image would take its
    /// size twice; but its data lie in the upper part under the same path. There the file gets the name that it is to have, and
    /// then loses its own in the overlay, which so never shows what is no longer there. It is root's alone first: whoever
    /// holds it open inside can't open it anew for writing.
    /// </summary>
    /// <returns>Whether it was moved.</returns>
    internal static bool TryMoveOut(BuildFolder build, OpenedPath chroot, OpenedPath inside, string path, OpenedPath file, string target)
    {
        if (!build.Opened.Has(BuildLayout.Overlay) || file.Device != chroot.Device)
            return false;
        try
        {
            using var own = build.Opened.OpenFolderBelow(BuildLayout.Overlay);
            using var upper = own.OpenFolderBelow(UpperPart);
            using var folder = BuildFolder.OpenAround(upper, path);
            var name = Path.GetFileName(path);
            using var same = folder.OpenBelow(name);
            if (own.Owner != 0 || !same.IsRegular || same.Links != 1 || same.Inode != file.Inode)
                return false;
            File.SetUnixFileMode(file.Handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            UnixFile.Give(file.Handle, 0);
            if (!UnixFile.TryLink(Path.Combine(folder.Handle, name), target))
                return false;
            File.Delete(Path.Combine(inside.Handle, name));
            return true;
        }
        catch (Exception e) when (e is RootOperationException or IOException)
        {
            return false; // it lies in the part below, and is copied
        }
    }

    private async Task<int> UnpackBaseAsync(OpenedPath bases, Sha1 sha1, CancellationToken cancellationToken)
    {
        using var alone = await BaseLock.TakeAsync(bases, sha1.ToString(), isShared: false, time, cancellationToken).ConfigureAwait(false);
        if (bases.Has(sha1.ToString()))
            return 0; // another slave was quicker
        commands.WriteLine("This tarball was not unpacked here before, or not used for long: it is unpacked for all builds.");
        await RemoveUnfinishedAsync(cancellationToken).ConfigureAwait(false);
        foreach (var ending in (string[])[ChrootBase.New, ChrootBase.Old])
        {
            if (await commands.RemoveAsync(bases, sha1 + ending, cancellationToken).ConfigureAwait(false) is not 0 and var left)
                return left;
        }

        var whole = false;
        try
        {
            var (one, system) = ChrootBase.Begin(bases, sha1);
            using var closing = one;
            using var closingToo = system;
            var code = await tarballs.UnpackAsync(system, sha1, cancellationToken).ConfigureAwait(false);
            if (code == 0)
            {
                code = await commands.RunAsync(
                    ChrootBase.Complete with { WorkingDirectory = one.Handle }, cancellationToken).ConfigureAwait(false);
            }

            if (code != 0)
                return code;
            ChrootBase.Commit(bases, sha1);
            whole = true;
            return await commands.RunAsync(
                Command.Of("sync", ".") with { WorkingDirectory = bases.Handle }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!whole)
                await commands.RemoveAsync(bases, sha1 + ChrootBase.New, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Tries whether overlays can be mounted in the work folder.</summary>
    internal async Task<int> TryAsync(CancellationToken cancellationToken)
    {
        if (await RemoveUnfinishedAsync(cancellationToken).ConfigureAwait(false) is not 0 and var code)
            return code;
        using var work = OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);
        using var bases = ChrootBase.OpenFolder(work);
        using var alone = await BaseLock.TakeAsync(bases, ChrootBase.TryFolder, isShared: false, time, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await commands.RemoveAsync(bases, ChrootBase.TryFolder, cancellationToken).ConfigureAwait(false);
            using var place = await commands.MakeOwnAsync(bases, ChrootBase.TryFolder, cancellationToken).ConfigureAwait(false);
            return await commands.RunAsync(
                Command.Of(
                    "unshare", "--mount", "--propagation", "private", "--", "sh", "-c", TryScript, "sh", ChrootBase.MountOptions) with
                {
                    WorkingDirectory = place.Handle,
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await commands.RemoveAsync(bases, ChrootBase.TryFolder, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Removes a base. Never one in use.</summary>
    internal async Task<int> DropAsync(Sha1 sha1, CancellationToken cancellationToken)
    {
        using var work = OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);
        if (!work.Has(ChrootBase.FolderName))
            return 0;
        using var bases = ChrootBase.OpenFolder(work);
        using var alone = BaseLock.TryTake(bases, sha1.ToString())
            ?? throw new RootOperationException($"the base {sha1} is in use: a slave unpacks it, or puts an overlay on it");
        if (MountTable.Below(work.Place, ChrootBase.MountSource(sha1)) is { Count: > 0 } used)
            throw new RootOperationException($"the base {sha1} is in use: {string.Join(", ", used)}");
        if (bases.Has(sha1.ToString()))
        {
            await commands.RemoveAsync(bases, sha1 + ChrootBase.Old, cancellationToken).ConfigureAwait(false);
            Directory.Move(Path.Combine(bases.Handle, sha1.ToString()), Path.Combine(bases.Handle, sha1 + ChrootBase.Old));
        }

        return await commands.RemoveAsync(bases, sha1 + ChrootBase.Old, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The name to lock before a folder of that name is made or removed; null for a base that is whole.</summary>
    private static string? NameOfUnfinished(string name) =>
        name.EndsWith(ChrootBase.New, StringComparison.Ordinal) ? name[..^ChrootBase.New.Length]
        : name.EndsWith(ChrootBase.Old, StringComparison.Ordinal) ? name[..^ChrootBase.Old.Length]
        : name == ChrootBase.TryFolder ? name
        : null;

    /// <summary>
    /// Removes what somebody who was killed left on its way in or out. What is locked is another's who is alive, such as a slave's that
    /// shares the folder, and stays.
    /// </summary>
    internal async Task<int> RemoveUnfinishedAsync(CancellationToken cancellationToken)
    {
        using var work = OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);
        if (!work.Has(ChrootBase.FolderName))
            return 0;
        using var bases = ChrootBase.OpenFolder(work);
        foreach (var name in Directory.EnumerateDirectories(bases.Handle).Select(path => Path.GetFileName(path)!).ToList())
        {
            if (NameOfUnfinished(name) is not { } locked)
                continue;
            using var alone = BaseLock.TryTake(bases, locked);
            if (alone is not null)
            {
                if (await commands.RemoveAsync(bases, name, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                    return code;
            }
        }

        return 0;
    }
}
