using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>Makes the environment that a kind of build is to have on this machine.</summary>
internal static class EnvironmentChoice
{
    /// <summary>Makes it; nothing of the build is touched yet.</summary>
    /// <param name="options">How builds of the kind take place.</param>
    /// <param name="trial">Whether this machine can mount overlays.</param>
    /// <param name="context">The build.</param>
    /// <param name="steps">Runs commands.</param>
    /// <param name="root">Does what needs root.</param>
    /// <param name="personality">The kernel as the build is to see it.</param>
    internal static async Task<BuildEnvironment> CreateAsync(
        DebianBuildOptions options, OverlayTrial trial, IBuildContext context, StepRunner steps, RootRunner root,
        Personality personality)
    {
        var mistake = options.PrefersOverlay
            ? await trial.FindMistakeAsync(options.Root, Path.GetDirectoryName(context.Directory)!, context.Time).ConfigureAwait(false)
            : null;
        var network = options.Network;
        return (options.Environment ?? (mistake is null ? EnvironmentKind.Overlay : EnvironmentKind.Chroot)) switch
        {
            EnvironmentKind.Chroot => new ChrootEnvironment(context, steps, root) { HasNetwork = network, Personality = personality },
            EnvironmentKind.Overlay =>
                new OverlayEnvironment(context, steps, root, mistake) { HasNetwork = network, Personality = personality },
            EnvironmentKind.Unshare => Unshare(options, context, steps, personality),
            EnvironmentKind.Nspawn => new NspawnEnvironment(context, steps, root) { HasNetwork = network, Personality = personality },
            var other => throw new InvalidOperationException($"there is no environment '{other}'"),
        };
    }

    private static UnshareEnvironment Unshare(
        DebianBuildOptions options, IBuildContext context, StepRunner steps, Personality personality)
    {
        var (account, mistake) = UserNamespace.Find(options.EffectiveBuildUser);
        return new UnshareEnvironment(context, steps, account, mistake) { HasNetwork = options.Network, Personality = personality };
    }
}
