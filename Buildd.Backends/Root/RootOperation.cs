using System.Collections.Immutable;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>
/// Something that only root can do. This is the closed set of all that a slave has done as root, whether it is root itself
/// or an ordinary user that asks for it through sudo: <see cref="RootOperations"/> checks how they are spelled,
/// <see cref="RootExecutor"/> looks at the machine and does them.
/// </summary>
internal abstract record RootOperation
{
    private protected RootOperation()
    {
    }

    /// <summary>How many bytes of content belong to it.</summary>
    internal virtual int InputBytes => 0;

    /// <summary>Nothing: it tells whether any of the others would be allowed.</summary>
    internal sealed record Check : RootOperation;

    /// <summary>Tries whether overlays can be mounted in the work folder, and removes what bases that are none have left there.</summary>
    internal sealed record TryOverlay : RootOperation;

    /// <summary>Removes a base that overlays are put on. Never one in use.</summary>
    internal sealed record Drop(Sha1 Sha1) : RootOperation;

    /// <summary>What is about one build, and so about one folder: <c>build-ID</c> below the work folder.</summary>
    internal abstract record OfBuild(string BuildId) : RootOperation;

    /// <summary>
    /// Unpacks a tarball of the file cache into the build's folder. Of what is in it only the top folder of the chroot stays.
    /// </summary>
    internal sealed record Unpack(string BuildId, Sha1 Sha1) : OfBuild(BuildId);

    /// <summary>The same as an overlay on what the tarball was unpacked to once, and is if it was not.</summary>
    internal sealed record Overlay(string BuildId, Sha1 Sha1) : OfBuild(BuildId);

    /// <summary>Mounts /proc and the like in the chroot.</summary>
    internal sealed record Mount(string BuildId) : OfBuild(BuildId);

    /// <summary>Writes a file in the chroot, with mode 0644, in place of whatever has that name. Its folder must be there.</summary>
    internal sealed record Write(string BuildId, string Path, int Bytes) : OfBuild(BuildId)
    {
        internal override int InputBytes => Bytes;
    }

    /// <summary>Runs a command in the chroot, as the chroot's root. Content is its standard input.</summary>
    internal sealed record Inside(string BuildId, int Bytes, ImmutableArray<string> Command) : OfBuild(BuildId)
    {
        internal override int InputBytes => Bytes;
    }

    /// <summary>
    /// Moves an ordinary file out of the chroot to <see cref="BuildLayout.Taken"/> in the build's folder, and gives it to whom the
    /// folder belongs to. No link is followed on the way. It is copied where it can't be moved or has another name.
    /// </summary>
    internal sealed record Take(string BuildId, string Path) : OfBuild(BuildId);

    /// <summary>
    /// Lets the chroot read a folder of this machine, which has to be in one of <see cref="RootPlace.ReadableFolders"/>, at a folder
    /// of its own.
    /// </summary>
    internal sealed record Bind(string BuildId, string Source, string Path) : OfBuild(BuildId);

    /// <summary>Tells schroot about the chroot.</summary>
    internal sealed record Define(string BuildId) : OfBuild(BuildId);

    /// <summary>Makes schroot forget it.</summary>
    internal sealed record Undefine(string BuildId) : OfBuild(BuildId);

    /// <summary>
    /// Boots the chroot as a container, with an init of its own, and ends when that ends; what is run inside meanwhile runs in the
    /// container. Without a network, nothing but a loopback interface is in it, except for commands that are run inside.
    /// </summary>
    internal sealed record Boot(string BuildId, bool HasNetwork) : OfBuild(BuildId);

    /// <summary>Waits until the container has booted.</summary>
    internal sealed record Booted(string BuildId) : OfBuild(BuildId);

    /// <summary>Kills what runs in the chroot, and its container, until nothing does.</summary>
    internal sealed record Kill(string BuildId) : OfBuild(BuildId);

    /// <summary>
    /// Unmounts all that is mounted below the build's folder, the newest first, and detaches loop devices from files in it.
    /// </summary>
    internal sealed record Unmount(string BuildId) : OfBuild(BuildId);

    /// <summary>Removes the chroot, never across a mount. The folder around it is the slave's own.</summary>
    internal sealed record Remove(string BuildId) : OfBuild(BuildId);
}
