using Buildd.Slave.Builds;

namespace Buildd.Slave.Lifecycle;

/// <summary>The folder of a build: <c>build-ID</c> below the work folder, with a link into the cache for each input.</summary>
/// <remarks>
/// Nobody but its owner enters it. A chroot in it may have set-uid programs and device nodes that every account of the machine could use.
/// </remarks>
internal static class BuildDirectory
{
    private const string Prefix = "build-";

    /// <summary>The beginning of the id of a folder that stayed when its build had ended; 32 hexadecimal digits follow.</summary>
    private const string Left = "left-";

    /// <summary>The path of a build's folder.</summary>
    internal static string PathOf(string workDirectory, string buildId) => Path.Combine(workDirectory, Prefix + buildId);

    /// <summary>The id in the name of a build's folder.</summary>
    internal static string IdOf(string directory) => Path.GetFileName(directory)[Prefix.Length..];

    /// <summary>The folders that <see cref="SetAside"/> gave other names.</summary>
    /// <exception cref="IOException">The work folder can't be listed.</exception>
    internal static IReadOnlyList<string> FindLeft(string workDirectory) =>
    [
        .. Directory.EnumerateDirectories(workDirectory, Prefix + Left + "*")
            .Where(directory => Guid.TryParseExact(IdOf(directory)[Left.Length..], "N", out _)),
    ];

    /// <summary>
    /// Gives a folder that can't be removed the name of a build that there is not: the id is free for another attempt at its build, and
    /// what is done with builds' folders as root can be done with this one.
    /// </summary>
    /// <returns>Where it is now; where it was when it can't be renamed either.</returns>
    internal static string SetAside(string directory)
    {
        var aside = PathOf(Path.GetDirectoryName(directory)!, $"{Left}{Guid.NewGuid():N}");
        try
        {
            Directory.Move(directory, aside);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return directory; // the caller says where it is, whatever came in between
        }
    }

    /// <exception cref="RefusedException">It is there already, or can't be made.</exception>
    internal static string Create(string workDirectory, BuildRequest request)
    {
        var directory = PathOf(workDirectory, request.BuildId);
        if (Directory.Exists(directory))
            throw new RefusedException(
                $"the build folder '{directory}' exists: an earlier build of that id left it; look at it and remove it");

        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var (name, path) in request.Files)
                File.CreateSymbolicLink(Path.Combine(directory, name), path);
            return directory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(directory);
            throw new RefusedException($"the build folder '{directory}' could not be made: {e.Message}", e);
        }
    }

    /// <summary>Removes what the build left. Links are removed, not followed.</summary>
    /// <exception cref="IOException">Something is still mounted below it: then nothing is touched, it might not be ours.</exception>
    internal static void Remove(string directory, IEnumerable<string>? mountInfo = null)
    {
        if (!Directory.Exists(directory))
            return;

        // The fifth field is the mount point; of what is escaped there (proc(5)), a name can hold blanks and backslashes.
        var prefix = Path.GetFullPath(directory)
            .Replace("\\", "\\134", StringComparison.Ordinal).Replace(" ", "\\040", StringComparison.Ordinal) + "/";
        var mounted = (mountInfo ?? File.ReadLines("/proc/self/mountinfo"))
            .Select(line => line.Split(' ')[4])
            .FirstOrDefault(point => point.StartsWith(prefix, StringComparison.Ordinal));
        if (mounted is not null)
            throw new IOException($"'{mounted}' is still mounted; unmount it and remove '{directory}'");
        Directory.Delete(directory, recursive: true);
    }
}
