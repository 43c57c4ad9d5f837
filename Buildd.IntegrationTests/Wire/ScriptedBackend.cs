using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.IntegrationTests.Wire;

/// <summary>
/// Stands for a kind of build. Unless a test gives it a script, it makes one result and then waits until it is let go or
/// aborted.
/// </summary>
internal sealed class ScriptedBackend(string tag) : IBuildBackend
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Tag => tag;

    /// <summary>The reference's kinds of build that work with tokens.</summary>
    public bool HasPrivateLog => tag is WireNames.Managers.Snap or WireNames.Managers.Oci or WireNames.Managers.Charm
        or WireNames.Managers.Ci or WireNames.Managers.Rock or WireNames.Managers.Craft;

    /// <summary>Looks at a request; throws to refuse it.</summary>
    internal Action<BuildRequest> Check { get; set; } = _ => { };

    /// <summary>What its builds say of a builder proxy.</summary>
    internal ProxyInfoReply? ProxyInfo { get; set; }

    /// <summary>What a build does.</summary>
    internal Func<IBuildContext, CancellationToken, Task<BuildOutcome>>? Script { get; set; }

    /// <summary>A build without a script may end, as OK.</summary>
    internal void LetGo() => _go.TrySetResult();

    public IBuild Prepare(BuildRequest request)
    {
        Check(request);
        return new Build(this);
    }

    private async Task<BuildOutcome> MakeResultAsync(IBuildContext context, CancellationToken abort)
    {
        var result = Path.Combine(context.Directory, "result.txt");
        await File.WriteAllTextAsync(result, "a result", abort);
        await context.AddResultAsync(result, null, abort);
        context.Log.WriteLine("making one\nmade the result"); // the tail of a private log has no first line
        await _go.Task.WaitAsync(abort);
        return new BuildOutcome(BuildStatus.Ok);
    }

    private sealed class Build(ScriptedBackend backend) : IBuild
    {
        public ProxyInfoReply? ProxyInfo => backend.ProxyInfo;

        public Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort) =>
            (backend.Script ?? backend.MakeResultAsync)(context, abort);
    }
}
