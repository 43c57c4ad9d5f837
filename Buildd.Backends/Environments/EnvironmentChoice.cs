using Buildd.Backends.Phases;
using Buildd.Backends.Root;
using Buildd.Slave.Builds;

namespace Buildd.Backends.Environments;

/// <summary>Makes the environment that a kind of build is to have on this machine.</summary>
internal static class EnvironmentChoice
{
    /// <summary>Makes it; nothing is touched yet.</summary>
    internal static BuildEnvironment Create(DebianBuildOptions options, IBuildContext context, StepRunner steps, RootRunner root) =>
        (options.Environment ?? EnvironmentKind.Chroot) switch
        {
            EnvironmentKind.Chroot => new ChrootEnvironment(context, steps, root),
            EnvironmentKind.Nspawn => new NspawnEnvironment(context, steps, root, options.Network),
            EnvironmentKind.Unshare => Unshare(options, context, steps),
            var other => throw new NotSupportedException($"there is no environment '{other.ToString().ToLowerInvariant()}' in this version"),
        };

    private static UnshareEnvironment Unshare(DebianBuildOptions options, IBuildContext context, StepRunner steps)
    {
        var (account, mistake) = UserNamespace.Find(options);
        return new UnshareEnvironment(context, steps, account, mistake, options.Network);
    }
}
