using Buildd.Backends.DebianBuilds;
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
    public IBuild Prepare(BuildRequest request)
    {
        var arguments = BinaryPackageArguments.Parse(request);
        return new DebianBuild(arguments.System, Options, new BinaryPackageWork(arguments, Options));
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndAsync(left, Options, cancellationToken);
}
