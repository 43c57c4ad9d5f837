using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Backends.Steps;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>Makes the environment that a kind of build is to have on this machine.</summary>
internal static class EnvironmentChoice
{
    /// <summary>Makes it; nothing of the build is touched yet.</summary>
    internal static async Task<BuildEnvironment> CreateAsync(DebianBuildOptions options, IBuildContext context, StepRunner steps, RootRunner root)
    {
        var mistake = await options.FindOverlayMistakeAsync(Path.GetDirectoryName(context.Directory)!, context.Time).ConfigureAwait(false);
        return (options.Environment ?? (mistake is null ? EnvironmentKind.Overlay : EnvironmentKind.Chroot)) switch
        {
            EnvironmentKind.Chroot => new ChrootEnvironment(context, steps, root) { HasNetwork = options.Network },
            EnvironmentKind.Overlay => new OverlayEnvironment(context, steps, root, mistake) { HasNetwork = options.Network },
            EnvironmentKind.Unshare => Unshare(options, context, steps),
            EnvironmentKind.Nspawn => new NspawnEnvironment(context, steps, root) { HasNetwork = options.Network },
            var other => throw new InvalidOperationException($"there is no environment '{other}'"),
        };
    }

    private static UnshareEnvironment Unshare(DebianBuildOptions options, IBuildContext context, StepRunner steps)
    {
        var (account, mistake) = UserNamespace.Find(options.EffectiveBuildUser);
        return new UnshareEnvironment(context, steps, account, mistake) { HasNetwork = options.Network };
    }
}
