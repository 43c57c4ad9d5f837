using Buildd.Linux.Files;

namespace Buildd.Master.Uploads;

/// <summary>
/// The folders of uploads below one root: <c>incoming/</c>, <c>rejected/</c>, <c>failed/</c> and <c>accepted/</c>. Leaves change
/// their place by one rename each, so that they are never in two places and never in none. One process at a time may change
/// them (<see cref="LockAsync"/>); any may look.
/// </summary>
/// <param name="root">The folder.</param>
public sealed class UploadFolders(string root)
{
    /// <summary>How often the lock is tried again while somebody else holds it.</summary>
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    private static readonly string[] Names = ["incoming", "accepted", "rejected", "failed"];

    /// <summary>The root, as a whole path.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Leaves that wait to be processed.</summary>
    public string Incoming => Path.Combine(Root, Names[0]);

    /// <summary>Leaves that were accepted, for the moment that it takes to remove them.</summary>
    public string Accepted => Path.Combine(Root, Names[1]);

    /// <summary>Leaves that a check has rejected.</summary>
    public string Rejected => Path.Combine(Root, Names[2]);

    /// <summary>Leaves that could not be processed, or whose build was not waiting for them.</summary>
    public string Failed => Path.Combine(Root, Names[3]);

    /// <summary>Makes the folders that are missing.</summary>
    /// <exception cref="UploadException">The root is not there: a wrong path is more likely than a new farm.</exception>
    public void MakeFolders()
    {
        RequireRoot();
        foreach (var name in Names)
            Directory.CreateDirectory(Path.Combine(Root, name));
    }

    /// <summary>Says so if there is no such root.</summary>
    /// <exception cref="UploadException">It is not there.</exception>
    internal void RequireRoot()
    {
        if (!Directory.Exists(Root))
            throw new UploadException($"{Root} is no folder: give the one that holds incoming/, or make it.");
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
                    .Where(name => name[0] != '.' && UnixFile.KindOf(Path.Combine(folder, name)) == FileKind.Folder)
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

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
        TryMove(Path.Combine(Incoming, name), Path.Combine(Accepted, name));
        Sweep();
    }

    /// <summary>Removes what is in <c>accepted/</c>: leaves whose removal was cut short.</summary>
    public void Sweep()
    {
        foreach (var name in Leaves(Accepted))
            Directory.Delete(Path.Combine(Accepted, name), recursive: true); // links in it are removed, not followed
        Durable.FlushFolder(Accepted);
    }

    /// <summary>Takes the queue for oneself. The lock is the kernel's, so it is gone with its holder, however that ends.</summary>
    /// <param name="context">What is done; the lock's name has it.</param>
    /// <param name="wait">How long to wait for another holder; zero not at all.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UploadsLockedException">Somebody else holds it still.</exception>
    public async Task<IDisposable> LockAsync(string context, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        var path = Path.Combine(Root, $"process-upload-{FileName.Check(context)}.lock");
        var start = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (Durable.IsHeldByAnother(e))
            {
                if (time.GetElapsedTime(start) >= wait)
                    throw new UploadsLockedException(path);
            }

            await Task.Delay(LockPoll, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
