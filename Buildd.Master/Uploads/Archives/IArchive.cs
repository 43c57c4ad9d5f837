using Buildd.Master.Builds;

namespace Buildd.Master.Uploads.Archives;

/// <summary>
/// Where accepted uploads go. Any thread may call; of one queue one upload comes at a time. <see cref="DirectoryArchive"/>
/// keeps them in folders, <see cref="RepreproArchive"/> publishes them for apt.
/// </summary>
public interface IArchive
{
    /// <summary>The packages of some names that are published in a suite.</summary>
    /// <param name="distribution">The distribution; an archive that has only one need not look at it.</param>
    /// <param name="suite">The suite; there need not be one of that name.</param>
    /// <param name="packages">The names of binary packages; well formed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UploadException">The archive can't be read.</exception>
    Task<IReadOnlyList<PublishedBinary>> FindPublishedAsync(
        string distribution, string suite, IReadOnlyCollection<string> packages, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes an upload, wholly or not at all. An upload that was taken before is taken again without a change and without an
    /// error: who hands it over may have been killed before it noted that down.
    /// </summary>
    /// <param name="upload">The upload. Its files are not to be moved or changed.</param>
    /// <param name="cancellationToken">Ends it; the upload may then have been taken or not.</param>
    /// <exception cref="UploadException">The archive doesn't take it. The message goes to those who look after the build.</exception>
    Task AcceptAsync(AcceptedUpload upload, CancellationToken cancellationToken = default);
}

/// <summary>A binary package of an archive.</summary>
/// <param name="Package">Its name.</param>
/// <param name="Source">The name of the source that it was built from; a package whose control file names none is its own source.</param>
/// <param name="Version">Its version; null in an archive that takes older ones than it has.</param>
/// <param name="Architecture">The architecture in whose index it is; packages for all are in each.</param>
public sealed record PublishedBinary(string Package, string Source, string? Version, string Architecture);

/// <summary>A file that a build left.</summary>
/// <param name="File">Its name, size and sums.</param>
/// <param name="Path">Where it is.</param>
public sealed record BuiltFile(BuildFile File, string Path);

/// <summary>An upload that passed all checks.</summary>
public sealed record AcceptedUpload
{
    /// <summary>The build that made it.</summary>
    public required Build Build { get; init; }

    /// <summary>The suite that it is for; a plain name.</summary>
    public required string Suite { get; init; }

    /// <summary>The component that the packages go to; null where their sections name one, for main, and for files.</summary>
    public string? Component { get; init; }

    /// <summary>
    /// The path of the <c>.changes</c> of packages, which <see cref="Debian.Packages.Changes"/> reads; null when it is files, such as those
    /// of a live filesystem.
    /// </summary>
    public string? ChangesPath { get; init; }

    /// <summary>The files, in the order of the <c>.changes</c>, which is not among them.</summary>
    public IReadOnlyList<BuiltFile> Files { get; init; } = [];

    /// <summary>Name and path of all its files, the <c>.changes</c> last.</summary>
    public IEnumerable<(string Name, string Path)> AllFiles
    {
        get
        {
            var files = Files.Select(file => (file.File.Name, file.Path));
            return ChangesPath is { } changes ? files.Append((Path.GetFileName(changes), changes)) : files;
        }
    }
}
