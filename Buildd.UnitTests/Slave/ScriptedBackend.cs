using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.UnitTests.Slave;

/// <summary>A backend that does what a test tells it to, and nothing on the machine.</summary>
internal sealed class ScriptedBackend(string tag) : IBuildBackend
{
    private readonly TaskCompletionSource<IBuildContext> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Tag { get; } = tag;

    public bool HasPrivateLog { get; set; }

    /// <summary>What its builds say of a builder proxy.</summary>
    internal ProxyInfoReply? ProxyInfo { get; set; }

    /// <summary>Whether its builds leave their folders.</summary>
    internal bool LeavesDirectory { get; set; }

    /// <summary>What its first build was given, once that runs.</summary>
    internal Task<IBuildContext> Started => _started.Task;

    /// <summary>How often it was asked to look at arguments.</summary>
    internal int Prepared { get; private set; }

    /// <summary>Looks at the request; throws to refuse it.</summary>
    internal Action<BuildRequest> Check { get; set; } = _ => { };

    /// <summary>The build; the default ends well at once.</summary>
    internal Func<IBuildContext, CancellationToken, Task<BuildOutcome>> Run { get; set; } =
        (_, _) => Task.FromResult(new BuildOutcome(BuildStatus.Ok));

    /// <summary>Ends what an earlier slave left.</summary>
    internal Func<LeftBuild, Task> EndLeft { get; set; } = _ => Task.CompletedTask;

    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => EndLeft(left);

    public IBuild Prepare(BuildRequest request)
    {
        Prepared++;
        Check(request);
        return new Build(this);
    }

    /// <summary>Makes builds run until they are aborted, and then end with the outcome.</summary>
    internal void RunUntilAborted(BuildOutcome outcome) => Run = async (_, abort) =>
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = abort.Register(aborted.SetResult);
        await aborted.Task;
        return outcome;
    };

    private sealed class Build(ScriptedBackend backend) : IBuild
    {
        public ProxyInfoReply? ProxyInfo => backend.ProxyInfo;

        public bool LeavesDirectory => backend.LeavesDirectory;

        public Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            backend._started.TrySetResult(context);
            return backend.Run(context, abort);
        }
    }
}
