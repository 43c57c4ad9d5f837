using Buildd.Protocol.Messages;

namespace Buildd.Slave.Builds;

/// <summary>A build whose arguments were found good. It is run at most once.</summary>
public interface IBuild
{
    /// <summary>
    /// What <c>proxy_info</c> answers from the start of the build until <c>clean</c>. Null, the default, means that this
    /// kind of build knows no builder proxy: the answer is then the fault.
    /// </summary>
    ProxyInfoReply? ProxyInfo => null;

    /// <summary>
    /// Whether the build's folder, with what is mounted in it, is left behind because the machine is thrown away after this
    /// build. False by default: then the slave removes it. No build of that id can be run here again until it is gone.
    /// </summary>
    bool LeavesDirectory => false;

    /// <summary>Runs the build to its end, its own cleaning up included.</summary>
    /// <param name="context">The build's folder, its log, and where its results go.</param>
    /// <param name="abort">
    /// The master wants it ended, or the slave is stopping. The build ends what it started, and returns or throws
    /// <see cref="OperationCanceledException"/>; what it returns then counts only if it is
    /// <see cref="BuildStatus.BuilderFail"/>.
    /// </param>
    /// <returns>How it ended. A build that fails is an outcome; an exception means that the backend itself is broken.</returns>
    Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort);
}
