using Buildd.Backends.Environments;
using Buildd.Backends.Phases;
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

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request)
    {
        var (image, build) = ImageTools.Prepare(request, Options);
        return new DebianBuild(image.System, Options, new LiveFsWork(image, build));
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndAsync(left, Options, cancellationToken);
}
