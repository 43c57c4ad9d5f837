using Buildd.Slave.Builds;
using Buildd.Slave.Logs;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// The folders of builds that could not be removed when those had ended. They were given names that no build has, so that they are in no
/// build's way; each start of a slave tries again.
/// </summary>
internal sealed class LeftFolders(
    SlaveOptions options, IReadOnlyCollection<IBuildBackend> backends, TimeProvider time, ILogger logger)
{
    /// <summary>The folder that the words of what ends a build are written in meanwhile.</summary>
    private const string LogFolder = "leftovers";

    /// <summary>Removes those that can be. Slaves that share a work folder may do so beside each other.</summary>
    internal async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var directory in Find())
        {
            try
            {
                await EndAsync(directory, cancellationToken).ConfigureAwait(false);
                BuildDirectory.Remove(directory);
                logger.LogLeftFolderRemoved(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
            {
                logger.LogLeftFolderStays(e, directory);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return; // the next start goes on with it
            }
        }
    }

    private IReadOnlyList<string> Find()
    {
        try
        {
            return BuildDirectory.FindLeft(options.WorkDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // a slave that can't list its work folder says so with the next build
        }
    }

    /// <summary>Which kind of build it was is not known any more; what one has ended, the others find nothing of.</summary>
    private async Task EndAsync(string directory, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.StateDirectory ?? options.WorkDirectory, LogFolder);
        Directory.CreateDirectory(folder);
        try
        {
            using var log = new BuildLog(LogFile.Create(Path.Combine(folder, "log"), folder, options.Log), [], time);
            var left = new LeftBuild(BuildDirectory.IdOf(directory), directory, log, time);
            foreach (var backend in backends)
                await LeftoverBuild.EndAsync(backend, left, options.AbortDeadline, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
