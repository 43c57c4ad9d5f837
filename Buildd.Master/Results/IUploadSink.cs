using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Leaves;

namespace Buildd.Master.Results;

/// <summary>
/// What happens to the results of a good build: somebody checks and publishes them, and makes the build
/// <see cref="BuildState.FullyBuilt"/> or <see cref="BuildState.FailedToUpload"/>.
/// </summary>
public interface IUploadSink
{
    /// <summary>
    /// Tells that a leaf is complete in <c>incoming/</c>, and that its build is <see cref="BuildState.Uploading"/>. At least
    /// once for each: a master that restarts tells again of all that are in that state. It may do the work or only take
    /// note; it must not wait for long, and an exception is logged and changes nothing.
    /// </summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellationToken">The master is stopping; it will be told again.</param>
    Task LandedAsync(LandedUpload upload, CancellationToken cancellationToken = default);
}

/// <summary>An upload that waits to be processed.</summary>
/// <param name="Build">The build, as it was stored when it landed; its <see cref="Build.Leaf"/> is the folder's name.</param>
/// <param name="Folder">The whole path of the leaf; what was built is in <c>ARCHIVE/DISTRIBUTION/</c> below it.</param>
public sealed record LandedUpload(Build Build, string Folder)
{
    /// <summary>Returns the folder that holds the results of a build now.</summary>
    /// <param name="root"><see cref="MasterOptions.Root"/>.</param>
    /// <param name="build">The build.</param>
    /// <returns>The whole path of its leaf; null when there is none, as after the archive has taken it.</returns>
    /// <exception cref="FileNameException">The build's record names a leaf that can't be a folder's name.</exception>
    public static string? FindFolder(string root, Build build)
    {
        ArgumentNullException.ThrowIfNull(build);
        return build.Leaf is null ? null : new LeafFolders(root).PlacesOf(build.Leaf).FirstOrDefault(Directory.Exists);
    }
}
