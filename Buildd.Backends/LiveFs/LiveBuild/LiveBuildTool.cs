using Buildd.Backends.DebianBuilds;
using Buildd.Slave;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>live-build: with Launchpad's arguments and <c>livecd-rootfs</c>, or with a branch that holds its configuration.</summary>
internal sealed class LiveBuildTool : IImageTool
{
    /// <summary>What only the branch way knows.</summary>
    private static readonly string[] OfBranches = [Arguments.ConfigRef, Arguments.ConfigPath, Arguments.LbOptions, Arguments.Environment];

    /// <inheritdoc/>
    public string Name => "live-build";

    /// <inheritdoc/>
    public IImageBuild Prepare(ArgumentReader reader, ImageArguments image, LiveFsOptions options)
    {
        if (reader.Text(Arguments.ConfigBranch) is not null)
            return new BranchBuild(BranchArguments.Parse(reader, options), options.BranchHosts is null);
        return OfBranches.FirstOrDefault(reader.Has) is { } stray
            ? throw new RefusedException($"the argument '{stray}' goes with '{Arguments.ConfigBranch}', which is missing")
            : new LaunchpadBuild(LaunchpadArguments.Parse(reader));
    }
}
