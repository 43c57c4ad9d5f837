namespace Buildd.Backends.Root;

/// <summary>The names in a build's folder that belong to the builder. No input of a build may have one that begins with a dot.</summary>
internal static class BuildLayout
{
    /// <summary>The top folder that farms' tarballs have, and that the system has in the build's folder.</summary>
    internal const string Chroot = "chroot-autobuild";

    /// <summary>Where a file is put that was taken out of the system; one at a time.</summary>
    internal const string Taken = ".taken";

    /// <summary>The folder by which sbuild's commands reach a container.</summary>
    internal const string Door = ".door";

    /// <summary>
    /// Where a tarball is unpacked: nobody but root gets in there, so that nobody can put a link in the way of what is
    /// unpacked, and what the tarball has beside the chroot never reaches the build's own files.
    /// </summary>
    internal const string Staging = ".chroot-unpack";

    /// <summary>What the build changes of a chroot that is an overlay. Nobody but root gets in there.</summary>
    internal const string Overlay = ".chroot-overlay";

    /// <summary>The name of a build's folder in the work folder.</summary>
    internal static string FolderOf(string buildId) => "build-" + buildId;

    /// <summary>The path of the system in a build's folder; also before it is there.</summary>
    internal static string ChrootIn(string buildDirectory) => Path.Combine(buildDirectory, Chroot);
}
