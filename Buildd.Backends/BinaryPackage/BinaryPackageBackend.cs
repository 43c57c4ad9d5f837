using Buildd.Backends.Environments;
using Buildd.Backends.Root;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>Builds binary packages from a Debian source package with sbuild, in a chroot.</summary>
public sealed class BinaryPackageBackend(BinaryPackageOptions options) : IBuildBackend
{
    /// <summary>How the packages are built.</summary>
    public BinaryPackageOptions Options { get; } = options;

    /// <inheritdoc/>
    public string Tag => WireNames.Managers.BinaryPackage;

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request) => new BinaryPackageBuild(BinaryPackageArguments.Parse(request), Options);

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndChrootAsync(
        left,
        scope => RootRunner.For(
            Options.Root, left.Directory, scope, left.Time, schrootDirectory: Options.SchrootDirectory, buildUser: BuildUser.Find(Options.BuildUser).User?.Id),
        cancellationToken);
}
