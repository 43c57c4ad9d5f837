using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Leaves;

/// <summary>
/// Where leaves are below one root, from a build's end to the end of its upload: <c>grabbing/</c> while they are fetched, <c>incoming/</c>,
/// then
/// <c>accepted/</c>, <c>rejected/</c> or <c>failed/</c>. Leaves change their place by one rename each, so that they are never in two places
/// and never in none. Any may look.
/// </summary>
/// <param name="root">The folder.</param>
internal sealed class LeafFolders(string root)
{
    private const string IncomingName = "incoming";
    private const string AcceptedName = "accepted";
    private const string RejectedName = "rejected";
    private const string FailedName = "failed";

    /// <summary>The root, as a whole path.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Leaves that are being fetched.</summary>
    public string Grabbing => Path.Combine(Root, "grabbing");

    /// <summary>Leaves that wait to be processed.</summary>
    public string Incoming => Path.Combine(Root, IncomingName);

    /// <summary>Leaves that were accepted, for the moment that it takes to remove them.</summary>
    public string Accepted => Path.Combine(Root, AcceptedName);

    /// <summary>Leaves that a check has rejected.</summary>
    public string Rejected => Path.Combine(Root, RejectedName);

    /// <summary>Leaves that could not be processed, or whose build was not waiting for them.</summary>
    public string Failed => Path.Combine(Root, FailedName);

    /// <summary>Whether there is such a root.</summary>
    public bool Exists => Directory.Exists(Root);

    /// <summary>Makes the folders of uploads that are missing.</summary>
    public void MakeFolders()
    {
        foreach (var folder in (string[])[Incoming, Accepted, Rejected, Failed])
            Directory.CreateDirectory(folder);
    }

    /// <summary>
    /// The folder in a leaf that has the build's results, for upload processors to find: <c>LEAF/ARCHIVE/DISTRIBUTION</c>.
    /// </summary>
    public static string ResultsIn(string leaf, Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return Path.Combine(leaf, FileName.Check(build.Archive), FileName.Check(build.Distribution));
    }

    /// <summary>Where a leaf may be that has landed and was not accepted.</summary>
    /// <param name="name">Its name; may come from outside.</param>
    /// <exception cref="FileNameException">It can't be a folder's name.</exception>
    public IEnumerable<string> PlacesOf(string name)
    {
        FileName.Check(name);
        return [Path.Combine(Incoming, name), Path.Combine(Rejected, name), Path.Combine(Failed, name)];
    }

    /// <summary>The names of what is in a folder, in order; hidden ones and what is no folder are left out.</summary>
    /// <param name="folder">One of the four; none are in one that is missing.</param>
    public static IReadOnlyList<string> Leaves(string folder)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)
                    .Where(name => IsLeaf(folder, name))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The names of a build's leaves in a folder, in order. Of the others nothing but the name is looked at.</summary>
    /// <param name="folder">One of the four; none are in one that is missing.</param>
    /// <param name="cookie">The build.</param>
    public static IReadOnlyList<string> LeavesOf(string folder, BuildCookie cookie)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)
                    .Where(name => LeafName.TryParse(name)?.Cookie == cookie && IsLeaf(folder, name))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Whether a name in a folder is that of a leaf: hidden ones, and what is no folder, are none.</summary>
    public static bool IsLeaf(string folder, string name) =>
        name[0] != '.' && UnixFile.KindOf(Path.Combine(folder, name)) == FileKind.Folder;

    /// <summary>A name for a leaf in a folder that nothing there has: its own, or its own with a number.</summary>
    public static string FreeName(string folder, LeafName leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        var name = leaf.Text;
        for (var number = 2; UnixFile.KindOf(Path.Combine(folder, name)) != FileKind.Missing; number++)
            name = leaf.Numbered(number);
        return name;
    }

    /// <summary>
    /// Renames a leaf, and waits until that is on the disk. Doing it again after it was done does nothing, so that whoever was
    /// killed in between may just begin anew.
    /// </summary>
    /// <returns>Whether it is where it was to go; false when it is nowhere, because somebody took it away.</returns>
    /// <exception cref="IOException">It can't be renamed, for one because something of the new name is there already.</exception>
    public static bool TryMove(string from, string to)
    {
        if (UnixFile.KindOf(from) == FileKind.Missing)
            return UnixFile.KindOf(to) == FileKind.Folder;
        Directory.Move(from, to);
        Durable.FlushFolder(Path.GetDirectoryName(to)!);
        Durable.FlushFolder(Path.GetDirectoryName(from)!);
        return true;
    }

    /// <summary>
    /// Removes an accepted leaf: first with one rename out of the way, so that half a leaf is never in <c>incoming/</c>, then
    /// with all that is in it.
    /// </summary>
    public void Remove(string name)
    {
        var folder = Path.Combine(Incoming, name);
        if (UnixFile.KindOf(folder) != FileKind.Missing)
        {
            Directory.Move(folder, Path.Combine(Accepted, name));
            Durable.FlushFolder(Incoming); // it is to be gone; whether it is in the other folder yet does not matter
        }

        Sweep();
    }

    /// <summary>Removes what is in <c>accepted/</c>: leaves whose removal was cut short.</summary>
    public void Sweep()
    {
        foreach (var name in Leaves(Accepted))
            Directory.Delete(Path.Combine(Accepted, name), recursive: true); // links in it are removed, not followed
        // Nobody waits for the disk: what comes back after a power failure is removed by the next one.
    }
}
