using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Lifecycle;

/// <summary>The task beside the builder: a build, then its folder removed and its log closed, whatever happens in it.</summary>
internal sealed class BuildRun(IBuild build, BuildContext context, ILogger logger)
{
    /// <summary>Runs the build to its end.</summary>
    /// <returns>How it ended, before what the builder itself has to say to that.</returns>
    internal async Task<BuildOutcome> RunAsync(CancellationToken abort)
    {
        BuildOutcome outcome;
        try
        {
            outcome = await build.RunAsync(context, abort).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            outcome = new BuildOutcome(BuildStatus.Aborted);
        }
        catch (Exception e) // whatever a backend does is one build; it is logged, and the builder goes on
        {
            logger.LogBackendBroken(e, context.Request.BuildId);
            outcome = new BuildOutcome(BuildStatus.BuilderFail);
            context.Log.WriteLine($"The builder failed: {e.GetType().Name}: {e.Message}");
        }

        try
        {
            if (!build.LeavesDirectory)
                BuildDirectory.Remove(context.Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var aside = BuildDirectory.SetAside(context.Directory);
            logger.LogBuildFolderLeft(e, context.Directory, aside);
            context.Log.WriteLine($"The folder of the build could not be removed: {e.Message}. It is '{aside}' now");
            outcome = new BuildOutcome(BuildStatus.BuilderFail);
        }

        context.Log.Close();
        if (context.Log.Failure is { } failure)
        {
            logger.LogLogBroken(failure, context.Request.BuildId);
            outcome = new BuildOutcome(BuildStatus.BuilderFail);
        }

        return outcome;
    }
}
