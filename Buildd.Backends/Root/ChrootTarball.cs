using Buildd.Linux.Processes;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>Unpacks the tarballs of the file cache.</summary>
/// <param name="place">Where.</param>
/// <param name="commands">Runs commands.</param>
internal sealed class ChrootTarball(RootPlace place, RootCommands commands)
{
    /// <summary>Unpacks a tarball into a folder; only the top folder of the chroot stays.</summary>
    /// <returns>The exit code of the command that failed, or 0.</returns>
    /// <exception cref="RootOperationException">There is a chroot already, or the tarball is not one of ours or has none.</exception>
    internal async Task<int> UnpackAsync(OpenedPath folder, Sha1 sha1, CancellationToken cancellationToken)
    {
        if (folder.Has(BuildLayout.Chroot))
            throw new RootOperationException($"there is a chroot in '{folder.Place}' already");

        using var tarball = Open(sha1);
        using var staging = await commands.MakeOwnAsync(folder, BuildLayout.Staging, cancellationToken).ConfigureAwait(false);
        var code = await commands.RunAsync(
            Command.Of("tar", "--numeric-owner", "-xf", tarball.Handle) with { WorkingDirectory = staging.Handle },
            cancellationToken).ConfigureAwait(false);
        if (code != 0)
            return code;
        if (!staging.Has(BuildLayout.Chroot))
            throw new RootOperationException($"the tarball has no top folder {BuildLayout.Chroot}");
        using (var chroot = staging.OpenFolderBelow(BuildLayout.Chroot))
        {
            if (chroot.Owner != 0)
            {
                await commands.RunAsync(
                    Command.Of("chown", "0:0", ".") with { WorkingDirectory = chroot.Handle }, cancellationToken).ConfigureAwait(false);
            }
        }

        Directory.Move(Path.Combine(staging.Handle, BuildLayout.Chroot), Path.Combine(folder.Handle, BuildLayout.Chroot));
        return await commands.RemoveAsync(folder, BuildLayout.Staging, cancellationToken).ConfigureAwait(false);
    }

    private OpenedPath Open(Sha1 sha1)
    {
        using var cache = OpenedPath.Open(place.FileCacheDirectory, place.FollowsLinks);
        var tarball = cache.OpenBelow(sha1.ToString());
        if (tarball.IsRegular && (tarball.Owner == 0 || place.Owners.Contains(tarball.Owner)))
            return tarball;
        var name = tarball.Place;
        tarball.Dispose();
        throw new RootOperationException($"'{name}' is no file of the cache");
    }
}
