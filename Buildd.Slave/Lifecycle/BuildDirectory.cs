using Buildd.Slave.Builds;

namespace Buildd.Slave.Lifecycle;

/// <summary>The folder of a build: <c>build-ID</c> below the work folder, with a link into the cache for each input.</summary>
/// <remarks>
/// Nobody but its owner enters it. A chroot in it may have set-uid programs and device nodes that every account of the machine could use.
/// </remarks>
internal static class BuildDirectory
{
    /// <exception cref="RefusedException">It is there already, or can't be made.</exception>
    internal static string Create(string workDirectory, BuildRequest request)
    {
        var directory = Path.Combine(workDirectory, "build-" + request.BuildId);
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
