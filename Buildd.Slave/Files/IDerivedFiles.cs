using Buildd.Protocol;

namespace Buildd.Slave.Files;

/// <summary>
/// What a backend keeps that it made of files of the cache, such as a chroot's tarball unpacked. It counts against the cache's
/// limits as if it lay there, goes when it is its turn or when the file itself is gone, and stays while a build needs that file.
/// </summary>
/// <remarks>Its members are called by one thread at a time, while builds run.</remarks>
public interface IDerivedFiles
{
    /// <summary>What there is, whatever is on its way in or out left out.</summary>
    /// <exception cref="IOException">It can't be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be listed.</exception>
    IReadOnlyList<DerivedFile> List();

    /// <summary>Removes what was made of a file; nothing when there is none.</summary>
    /// <param name="sha1">The file's sum.</param>
    /// <param name="cancellationToken">The slave is stopping.</param>
    /// <exception cref="IOException">It could not be removed, or is in use.</exception>
    Task RemoveAsync(Sha1 sha1, CancellationToken cancellationToken);
}
