using Buildd.Linux.Files;
namespace Buildd.Backends.Root;

/// <summary>The folder of one build, opened: renaming it, or putting something in its place, changes nothing for its holder.</summary>
internal sealed class BuildFolder : IDisposable
{
    private BuildFolder(string id, OpenedPath opened) => (Id, Opened) = (id, opened);

    /// <summary>The build's id.</summary>
    internal string Id { get; }

    /// <summary>The folder.</summary>
    internal OpenedPath Opened { get; }

    /// <summary>Its path on this machine at the moment.</summary>
    internal string Place => Opened.Place;

    /// <summary>Opens the folder of a build.</summary>
    /// <param name="place">Where builds take place.</param>
    /// <param name="buildId">The build's id.</param>
    /// <exception cref="RootOperationException">It is not there, a link is on the way, or its owner has no builds here.</exception>
    internal static BuildFolder Open(RootPlace place, string buildId)
    {
        using var work = OpenedPath.Open(place.WorkDirectory, place.FollowsLinks);
        var build = work.OpenFolderBelow(BuildLayout.FolderOf(buildId));
        if (build.Owner == 0 || place.Owners.Contains(build.Owner))
            return new BuildFolder(buildId, build);
        var (name, owner) = (build.Place, build.Owner);
        build.Dispose();
        throw new RootOperationException($"'{name}' belongs to user {owner}, who has no builds here");
    }

    /// <summary>Opens its chroot. One that was unpacked here belongs to root, which nothing that somebody else puts there does.</summary>
    /// <exception cref="RootOperationException">There is none, or it is somebody else's.</exception>
    internal OpenedPath OpenChroot()
    {
        var chroot = Opened.OpenFolderBelow(BuildLayout.Chroot);
        if (chroot.Owner == 0)
            return chroot;
        var (name, owner) = (chroot.Place, chroot.Owner);
        chroot.Dispose();
        throw new RootOperationException($"'{name}' belongs to user {owner} and not to root: it is no chroot that was unpacked here");
    }

    /// <summary>Opens its chroot; null when there is none of ours.</summary>
    internal OpenedPath? TryOpenChroot()
    {
        try
        {
            return OpenChroot();
        }
        catch (RootOperationException)
        {
            return null;
        }
    }

    /// <summary>Opens the folder around a file.</summary>
    /// <param name="root">The folder that the path begins in.</param>
    /// <param name="path">The file's full path in there.</param>
    /// <exception cref="RootOperationException">The folder is not there, or a link is on the way.</exception>
    internal static OpenedPath OpenAround(OpenedPath root, string path) =>
        root.OpenFolderBelow(Path.GetDirectoryName(path[1..]) is { Length: > 0 } folder ? folder : ".");

    /// <summary>The mount points below it, the newest first.</summary>
    internal List<string> FindMounts() => Place is var folder ? [.. MountTable.Below(folder).Where(point => point != folder)] : [];

    /// <summary>The mount points below it, and the loop devices whose files lie in it.</summary>
    internal List<string> FindUses() => [.. FindMounts(), .. LoopDevices.On(Place)];

    /// <summary>Throws when something is mounted below it.</summary>
    /// <exception cref="RootOperationException">Something is mounted; the message names the mount points.</exception>
    internal void RefuseMounts()
    {
        if (FindMounts() is { Count: > 0 } mounted)
            throw new RootOperationException($"still mounted: {string.Join(", ", mounted)}");
    }

    /// <inheritdoc/>
    public void Dispose() => Opened.Dispose();
}
