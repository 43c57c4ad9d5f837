using Buildd.Backends.Environments;
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
    public async Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken)
    {
        SchrootDefinition.Remove(Options.SchrootDirectory, left.BuildId, ChrootEnvironment.RootDirectoryIn(left.Directory));
        await LeftEnvironment.EndAsync(left, cancellationToken).ConfigureAwait(false);
    }
}
