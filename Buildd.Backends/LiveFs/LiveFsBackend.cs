using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.LiveFs;

/// <summary>Builds live file systems and disk images with an image tool, in a Debian system made for it.</summary>
public sealed class LiveFsBackend(LiveFsOptions options) : IBuildBackend
{
    /// <summary>How they are built.</summary>
    public LiveFsOptions Options { get; } = options;

    /// <inheritdoc/>
    public string Tag => WireNames.Managers.LiveFs;

    /// <summary>A sentence on why images can't be made as these options say; null when they can. A backend is offered only then.</summary>
    /// <remarks>Image tools mount, make device nodes and take loop devices, which a system that is kept apart from the machine can't.</remarks>
    public static string? FindMistake(LiveFsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Environment is EnvironmentKind.Unshare or EnvironmentKind.Nspawn
            ? $"builds of live file systems are not offered, since image tools need mounts and devices that there are none of in the environment "
                + $"'{options.Environment.ToString()!.ToLowerInvariant()}': set environment in [livefs] to auto, chroot or overlay"
            : null;
    }

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request)
    {
        var (image, build) = ImageTools.Prepare(request, Options);
        return new DebianBuild(image.System, Options, new LiveFsWork(image, build, Options));
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndAsync(left, Options, cancellationToken);
}
