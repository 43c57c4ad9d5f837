namespace Buildd.Backends.Environments;

/// <summary>
/// What the Debian system of a build is made of, and how far it is kept from the machine. <c>docs/environments.md</c> compares them.
/// </summary>
public enum EnvironmentKind
{
    /// <summary>
    /// A folder, unpacked from the tarball for each build: the reference's way. Needs root, or the operations of root through sudo.
    /// </summary>
    Chroot,

    /// <summary>
    /// The same folder as an overlay on a tarball that was unpacked once. Needs what <see cref="Chroot"/> needs, and a kernel and file
    /// system that can.
    /// </summary>
    Overlay,

    /// <summary>A folder in a user namespace, for a slave that is not root and has no sudo.</summary>
    Unshare,

    /// <summary>A container of systemd with an init of its own. Needs root, or its operations through sudo.</summary>
    Nspawn,
}
