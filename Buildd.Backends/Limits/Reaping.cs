using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Limits;

/// <summary>The phase of every kind of build that ends what the build left running.</summary>
internal static class Reaping
{
    /// <summary>Ends all of it.</summary>
    /// <exception cref="PhaseFailedException">Something survived: the builder's failure, and the message names it.</exception>
    internal static async Task ReapAsync(IBuildContext context, ProcessScope scope)
    {
        var survivors = await scope.KillAllAsync(ProcessRunner.KillDeadline).ConfigureAwait(false);
        if (survivors.Count == 0)
            return;

        context.Log.WriteLine("ABORTING: Failed to kill all processes.");
        throw new PhaseFailedException(
            BuildStatus.BuilderFail, $"still there after {ProcessRunner.KillDeadline.TotalSeconds:0} s: {string.Join(", ", survivors)}");
    }
}
