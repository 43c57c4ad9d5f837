using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Farm;

/// <summary>The owner and the modes of a farm's files. Any thread may call.</summary>
internal static class StateFiles
{
    /// <summary>
    /// The modes that a command of the farm takes from files that it makes: the store, inputs, logs and results are for the farm's account
    /// and its group. Sources and logs of private archives are among them.
    /// </summary>
    internal const UnixFileMode Mask =
        UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Whether every account of the machine may look into a folder; false where there is none.</summary>
    /// <exception cref="IOException">It can't be found out.</exception>
    internal static bool IsOpenToAll(string folder) =>
        UnixFile.Look(folder) is { } facts && (facts.Mode & (UnixFileMode.OtherRead | UnixFileMode.OtherExecute)) != 0;

    /// <summary>Makes a folder that is missing, and gives it away as <see cref="GiveToOwner"/> does.</summary>
    /// <exception cref="IOException">It can't be made.</exception>
    internal static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        Directory.CreateDirectory(path);
        GiveToOwner(path);
    }

    /// <summary>
    /// Gives a file or folder that root has just made to the account that the folder belongs to in which it is: the farm's service could
    /// not use it otherwise. Does nothing for other users, and where the folder is root's.
    /// </summary>
    /// <exception cref="IOException">It can't be given away.</exception>
    internal static void GiveToOwner(string path)
    {
        if (!CurrentUser.IsRoot || UnixFile.Look(Path.GetDirectoryName(path)!) is not { Owner: > 0 and var owner })
            return;
        // The folder's account may have put something else in its place: a link is not followed, and only what is root's alone is given.
        using var file = UnixFile.OpenToRead(path);
        var facts = UnixFile.Look(file);
        if (facts.Owner == 0 && (facts.Kind == FileKind.Folder || facts is { IsRegular: true, Links: 1 }))
            UnixFile.Give(file, owner);
    }
}
