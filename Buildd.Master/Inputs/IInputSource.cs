using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Inputs;

/// <summary>
/// Where slaves get what a build needs: chroots, and the files of sources. Asked at each dispatch, so that addresses and
/// credentials may be short-lived. Any thread may call.
/// </summary>
public interface IInputSource
{
    /// <summary>The chroot of a series and architecture.</summary>
    /// <param name="series">The series, such as <c>bookworm</c>.</param>
    /// <param name="archTag">The architecture, such as <c>amd64</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>It; null when there is none, and the build then waits until there is.</returns>
    Task<InputFile?> FindChrootAsync(string series, string archTag, CancellationToken cancellationToken = default);

    /// <summary>A file of a source.</summary>
    /// <param name="build">The build that needs it, for whoever gives rights per build.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="sha1">Its SHA-1; null when any content of that name is meant.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>It; null when it isn't known.</returns>
    Task<InputFile?> FindFileAsync(Build build, string name, Sha1? sha1, CancellationToken cancellationToken = default);
}
