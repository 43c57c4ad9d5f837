using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>Builds binary packages from a Debian source package with sbuild, in a chroot.</summary>
public sealed class BinaryPackageBackend(BinaryPackageOptions options) : IBuildBackend
{
    /// <inheritdoc/>
    public string Tag => WireNames.Managers.BinaryPackage;

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request) => new BinaryPackageBuild(BinaryPackageArguments.Parse(request), options);
}
