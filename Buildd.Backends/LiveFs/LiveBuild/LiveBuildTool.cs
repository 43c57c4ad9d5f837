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
        return StrayOf(arguments) is { } stray
            ? throw new RefusedException($"the argument '{stray}' goes with '{ArgumentNames.ConfigBranch}', which is missing")
            : new LaunchpadBuild(LaunchpadArguments.Check(arguments));
    }

    /// <summary>What only the branch way knows.</summary>
    private static string? StrayOf(LiveFsArguments arguments) => arguments switch
    {
        { ConfigRef: not null } => ArgumentNames.ConfigRef,
        { ConfigPath: not null } => ArgumentNames.ConfigPath,
        { LbOptions.Count: > 0 } => ArgumentNames.LbOptions,
        { Environment.Count: > 0 } => ArgumentNames.Environment,
        _ => null,
    };
}
