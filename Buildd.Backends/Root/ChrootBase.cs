using Buildd.Linux.Processes;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>
/// Tarballs that were unpacked once for all builds: below the work folder <c>bases/SHA1/system/chroot-autobuild</c>, which nobody
/// but root enters, and beside it <c>size</c> with the bytes that it takes; that file's time is the last use. A base appears
/// under its sum when it is whole and on the disk; under any other name it is on its way in or out.
/// </summary>
internal static class ChrootBase
{
    /// <summary>The folder of all bases, in the work folder.</summary>
    internal const string FolderName = "bases";

    /// <summary>The file with the size.</summary>
    internal const string SizeFile = "size";

    /// <summary>Where a try of the kernel takes place.</summary>
    internal const string TryFolder = "try";

    /// <summary>How an overlay is mounted for a build: its upper part never outlives it, so nothing of it has to reach the disk.</summary>
    internal const string MountOptions = "volatile,redirect_dir=on,index=off,metacopy=off";

    /// <summary>What a base is called on its way in.</summary>
    internal const string New = ".new";

    /// <summary>What it is called on its way out.</summary>
    internal const string Old = ".old";

    private const string SystemFolder = "system";

    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode ReadableByAll = OnlyOwner
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>What overlays are mounted as, so that the kernel's list of mounts tells which base is in use.</summary>
    internal static string MountSource(Sha1 sha1) => $"buildd-{sha1}";

    /// <summary>Opens the folder of the bases, which is made where it is not there.</summary>
    /// <exception cref="RootOperationException">Somebody else than root has made it, or may write to it.</exception>
    internal static OpenedPath OpenFolder(OpenedPath work)
    {
        if (!work.Has(FolderName))
            Directory.CreateDirectory(Path.Combine(work.Handle, FolderName), ReadableByAll);
        return OpenOwned(work, FolderName);
    }

    /// <summary>Opens the system of a base; null when there is no such base. It counts as used now.</summary>
    internal static OpenedPath? TryUse(OpenedPath bases, Sha1 sha1, TimeProvider time)
    {
        if (!bases.Has(sha1.ToString()))
            return null;
        using var one = OpenOwned(bases, sha1.ToString());
        File.SetLastWriteTimeUtc(Path.Combine(one.Handle, SizeFile), time.GetUtcNow().UtcDateTime);
        using var system = OpenOwned(one, SystemFolder);
        return OpenOwned(system, BuildLayout.Chroot);
    }

    /// <summary>Makes the folder that a base is unpacked in, before it is one.</summary>
    /// <returns>The folder of the base, and the one to unpack into.</returns>
    internal static (OpenedPath Base, OpenedPath System) Begin(OpenedPath bases, Sha1 sha1)
    {
        Directory.CreateDirectory(Path.Combine(bases.Handle, sha1 + New), OnlyOwner);
        var one = OpenOwned(bases, sha1 + New);
        Directory.CreateDirectory(Path.Combine(one.Handle, SystemFolder), OnlyOwner);
        return (one, OpenOwned(one, SystemFolder));
    }

    /// <summary>The command, for the folder of the base, that notes its size and has all of it on the disk.</summary>
    internal static Command Complete => Command.Of(
        "sh", "-c", $"set -eu; taken=$(du -sx --block-size=1 {SystemFolder}); umask 022; echo \"${{taken%%[!0-9]*}}\" > {SizeFile}; "
            + $"chmod 755 .; sync -f {SizeFile}");

    /// <summary>Makes it a base.</summary>
    internal static void Commit(OpenedPath bases, Sha1 sha1) =>
        Directory.Move(Path.Combine(bases.Handle, sha1 + New), Path.Combine(bases.Handle, sha1.ToString()));

    /// <summary>Opens a folder that nobody but root can have made or changed.</summary>
    private static OpenedPath OpenOwned(OpenedPath around, string name)
    {
        var opened = around.OpenFolderBelow(name);
        if (opened.Owner == 0 && (opened.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0)
            return opened;
        var place = opened.Place;
        opened.Dispose();
        throw new RootOperationException($"'{place}' is not root's alone: it is not used for chroots; remove it");
    }
}
