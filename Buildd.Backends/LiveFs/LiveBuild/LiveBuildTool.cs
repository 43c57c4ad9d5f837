using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>live-build: with Launchpad's arguments and <c>livecd-rootfs</c>, or with a branch that holds its configuration.</summary>
internal sealed class LiveBuildTool : IImageTool
{
    /// <inheritdoc/>
    public string Name => "live-build";

    /// <inheritdoc/>
    public IImageBuild Prepare(LiveFsArguments arguments, LiveFsOptions options)
    {
        if (arguments.ConfigBranch is not null)
            return new BranchBuild(BranchArguments.Check(arguments, options), options.BranchHosts is null);
        return arguments.FindStrayOfBranch() is { } stray
            ? throw new RefusedException($"the argument '{stray}' goes with '{ArgumentNames.ConfigBranch}', which is missing")
            : new LaunchpadBuild(LaunchpadArguments.Check(arguments));
    }
}
