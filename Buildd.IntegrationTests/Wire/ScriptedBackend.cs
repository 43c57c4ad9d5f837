using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Stands for a kind of build: it makes one result and then waits until it is let go or aborted.</summary>
internal sealed class ScriptedBackend(string tag) : IBuildBackend
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Tag => tag;

    /// <summary>The build may end, as OK.</summary>
    internal void LetGo() => _go.TrySetResult();

    public IBuild Prepare(BuildRequest request) => new Build(_go.Task);

    private sealed class Build(Task go) : IBuild
    {
        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            var result = Path.Combine(context.Directory, "result.txt");
            await File.WriteAllTextAsync(result, "a result", abort);
            await context.AddResultAsync(result, null, abort);
            context.Log.WriteLine("made the result");
            await go.WaitAsync(abort);
            return new BuildOutcome(BuildStatus.Ok);
        }
    }
}
