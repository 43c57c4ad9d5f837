using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Slave.Lifecycle;

/// <summary>What is left of a build whose slave was killed. Its folder is removed like that of any other.</summary>
internal sealed class LeftoverBuild(IBuildBackend? backend, string? phase) : IBuild
{
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        // An abort changes nothing: the build is being ended already.
        var left = new LeftBuild(context.Request.BuildId, context.Directory, context.Log, context.Time);
        try
        {
            if (backend is not null)
                await backend.EndLeftAsync(left, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            context.Log.WriteLine($"What the build left could not be ended: {e.Message}");
        }

        context.Log.WriteLine(
            $"The slave was killed or its machine went down {(phase is null ? "before the first phase" : $"in phase {phase}")}: the "
                + "build has failed.");
        return new BuildOutcome(BuildStatus.BuilderFail);
    }
}
