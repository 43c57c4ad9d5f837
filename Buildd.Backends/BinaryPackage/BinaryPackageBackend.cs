using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>Builds binary packages from a Debian source package with sbuild, in a chroot.</summary>
/// <param name="options">How the packages are built.</param>
/// <param name="trial">
/// Whether this machine can mount overlays; the same for all backends of a slave. Null, the default, is for a slave with one backend.
/// </param>
public sealed class BinaryPackageBackend(BinaryPackageOptions options, OverlayTrial? trial = null)
    : DebianBackend<BinaryPackageOptions>(WireNames.Managers.BinaryPackage, options, trial)
{
    /// <inheritdoc/>
    private protected override (DebianArguments System, IDebianWork Work) Read(BuildRequest request)
    {
        var package = PackageRequest.Parse(request);
        return (package.System, new BinaryPackageWork(package, Options));
    }
}
