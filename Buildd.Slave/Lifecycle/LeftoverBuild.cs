using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Slave.Lifecycle;

/// <summary>What is left of a build whose slave was killed. Its folder is removed like that of any other.</summary>
/// <param name="backend">What built it; null when this slave has no such kind any more.</param>
/// <param name="phase">Where it was; null before its first phase.</param>
/// <param name="deadline">
/// The time that ending it may take. What the slave before was stuck in, and was ended for, may hold this one up just the same.
/// </param>
internal sealed class LeftoverBuild(IBuildBackend? backend, string? phase, TimeSpan deadline) : IBuild
{
    /// <summary>Has a backend end what a build left, and waits for that until the deadline.</summary>
    /// <exception cref="IOException">Something stays.</exception>
    /// <exception cref="TimeoutException">It took too long. It was told to stop, and whether it has is not known.</exception>
    internal static async Task EndAsync(IBuildBackend backend, LeftBuild left, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(deadline, left.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // On a thread of its own: what the build was stuck in may be what this gets stuck in.
            await Task.Run(() => backend.EndLeftAsync(left, either.Token), CancellationToken.None).WaitAsync(either.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"What the build left could not be ended within {deadline}", e);
        }
    }

    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        // An abort changes nothing: the build is being ended already.
        var left = new LeftBuild(context.Request.BuildId, context.Directory, context.Log, context.Time);
        try
        {
            if (backend is not null)
                await EndAsync(backend, left, deadline, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            context.Log.WriteLine($"{e.Message}: the machine needs to be looked at");
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
