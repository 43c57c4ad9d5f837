using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Master.Results;

namespace Buildd.Master.Uploads.Archives;

/// <summary>
/// Keeps each upload in a folder of its own, <c>DISTRIBUTION/SUITE/COOKIE</c>, which one rename puts there when it is complete and
/// on the disk. It compares no versions: all that passes the checks is taken.
/// </summary>
/// <param name="root">Where; made when missing.</param>
public sealed class DirectoryArchive(string root) : IArchive
{
    private const int PieceBytes = 128 * 1024;

    /// <summary>The folder of the indexes of packages. No distribution's name begins with a dot.</summary>
    private const string IndexFolder = ".packages";

    private readonly string _root = Path.GetFullPath(root);

    /// <inheritdoc/>
    /// <remarks>
    /// By the names of the files, and then by the <c>.changes</c> beside them. A folder that is removed frees the names of its packages.
    /// </remarks>
    public Task<IReadOnlyList<PublishedBinary>> FindPublishedAsync(
        string distribution, string suite, IReadOnlyCollection<string> packages, CancellationToken cancellationToken = default) =>
        OwnersOf(distribution, suite).FindAsync(packages, cancellationToken);

    /// <summary>The folder of a build's upload.</summary>
    internal string FolderOf(AcceptedUpload upload)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return Path.Combine(
            _root, FileName.Check(upload.Build.Distribution), FileName.Check(upload.Suite), FileName.Check(upload.Build.Cookie.ToString()));
    }

    /// <inheritdoc/>
    public async Task AcceptAsync(AcceptedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var folder = FolderOf(upload);
        var parent = Path.GetDirectoryName(folder)!;
        if (Directory.Exists(folder))
        {
            await CompareAsync(upload, folder, cancellationToken).ConfigureAwait(false);
            await NoteAsync(upload, cancellationToken).ConfigureAwait(false);
            return;
        }

        MakeDurably(parent);
        // Before anything is copied: half an upload must not take what the farm's own records need.
        var needed = upload.AllFiles.Sum(file => new FileInfo(file.Path).Length);
        if (DiskSpace.FreeBytes(parent) - needed < MasterOptions.DefaultSpareBytes)
        {
            throw new IOException(
                $"{parent} has no room for the {needed} bytes of the upload: {MasterOptions.DefaultSpareBytes} have to stay free");
        }

        // A name that no suite's list shows, and that the next try finds again.
        var incomplete = Path.Combine(parent, $".{upload.Build.Cookie}.new");
        if (Directory.Exists(incomplete))
            Directory.Delete(incomplete, recursive: true);
        Directory.CreateDirectory(incomplete);
        foreach (var (name, path) in upload.AllFiles)
            await CopyAsync(path, Path.Combine(incomplete, FileName.Check(name)), cancellationToken).ConfigureAwait(false);
        Durable.FlushFolder(incomplete);
        Directory.Move(incomplete, folder);
        Durable.FlushFolder(parent);
        await NoteAsync(upload, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes whose the packages of an upload are. Without a <c>.changes</c> it is files, and nobody asks for them.</summary>
    private Task NoteAsync(AcceptedUpload upload, CancellationToken cancellationToken) => upload.ChangesPath is null
        ? Task.CompletedTask
        : OwnersOf(upload.Build.Distribution, upload.Suite).NoteAsync(Path.GetFileName(FolderOf(upload)), cancellationToken);

    private PackageOwners OwnersOf(string distribution, string suite)
    {
        var place = Path.Combine(FileName.Check(distribution), FileName.Check(suite));
        return new PackageOwners(Path.Combine(_root, place), Path.Combine(_root, IndexFolder, place), SourceOfAsync);
    }

    private static async Task<string> SourceOfAsync(string upload, CancellationToken cancellationToken)
    {
        if (Directory.GetFiles(upload, "*.changes") is not [var path])
            throw new UploadException($"{upload} has not one .changes, so nobody knows whose packages are in it: put it back.");
        try
        {
            return (await Changes.ReadFileAsync(path, cancellationToken).ConfigureAwait(false)).Source;
        }
        catch (ControlFileException e)
        {
            throw new UploadException($"{path} can't be read, so nobody knows whose packages are beside it: {e.Message}", e);
        }
    }

    private static void MakeDurably(string folder)
    {
        if (Directory.Exists(folder))
            return;
        var parent = Path.GetDirectoryName(folder)!;
        MakeDurably(parent);
        Directory.CreateDirectory(folder);
        Durable.FlushFolder(parent);
    }

    private static async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        await using var closingSource = source.ConfigureAwait(false);
        var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
        await using var closingTarget = target.ConfigureAwait(false);
        await source.CopyToAsync(target, PieceBytes, cancellationToken).ConfigureAwait(false);
        target.Flush(flushToDisk: true);
    }

    /// <summary>What is there is complete, since it was renamed to where it is; it is this upload if it has the same files.</summary>
    private static async Task CompareAsync(AcceptedUpload upload, string folder, CancellationToken cancellationToken)
    {
        var names = upload.AllFiles.Select(file => file.Name).Order(StringComparer.Ordinal);
        var there = Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
        var isSame = names.SequenceEqual(there, StringComparer.Ordinal);
        foreach (var (name, path) in isSame ? upload.AllFiles : [])
            isSame &= await FileSums.AreSameAsync(path, Path.Combine(folder, name), cancellationToken).ConfigureAwait(false);
        if (!isSame)
            throw new UploadException($"{folder} is there already, with other files than the upload of {upload.Build.Cookie} has.");
    }
}
