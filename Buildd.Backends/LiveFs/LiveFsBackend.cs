using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Backends.LiveFs.LiveBuild;
using Buildd.Backends.LiveFs.Mmdebstrap;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.LiveFs;

/// <summary>Builds live file systems and disk images with an image tool, in a Debian system made for it.</summary>
/// <param name="options">How they are built.</param>
/// <param name="trial">
/// Whether this machine can mount overlays; the same for all backends of a slave. Null, the default, is for a slave with one backend.
/// </param>
public sealed class LiveFsBackend(LiveFsOptions options, OverlayTrial? trial = null)
    : DebianBackend<LiveFsOptions>(WireNames.Managers.LiveFs, options, trial)
{
    /// <summary>The tools that there are. Without the argument <c>image_tool</c> it is the first, which is what farms know.</summary>
    private static readonly IImageTool[] Tools = [new LiveBuildTool(), new MmdebstrapTool()];

    /// <summary>Reads the arguments of a build and of its tool.</summary>
    /// <exception cref="RefusedException">The arguments are not good.</exception>
    internal static (ImageArguments Image, IImageBuild Build) Prepare(BuildRequest request, LiveFsOptions options)
    {
        var arguments = ArgumentCheck.Read(request, LiveFsArguments.FromXmlRpc);
        var image = ImageArguments.Check(DebianArguments.Check(request, arguments), arguments);
        var name = arguments.ImageTool ?? Tools[0].Name;
        var tool = Tools.FirstOrDefault(tool => tool.Name == name) ?? throw new RefusedException(
            $"the argument '{WireNames.ArgumentNames.ImageTool}' is '{ArgumentCheck.Shown(name)}'; it has to be one of "
            + string.Join(", ", Tools.Select(tool => tool.Name)));
        return (image, tool.Prepare(arguments, options));
    }

    /// <inheritdoc/>
    private protected override (DebianArguments System, IDebianWork Work) Read(BuildRequest request)
    {
        var (image, build) = Prepare(request, Options);
        return (image.System, new LiveFsWork(image, build, Options));
    }
}
