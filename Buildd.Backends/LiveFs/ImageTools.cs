using Buildd.Backends.DebianBuilds;
using Buildd.Backends.LiveFs.LiveBuild;
using Buildd.Backends.LiveFs.Mmdebstrap;
using Buildd.Slave;
using Buildd.Slave.Builds;
using static Buildd.Protocol.Messages.WireNames;

namespace Buildd.Backends.LiveFs;

/// <summary>The tools that there are. Without the argument <c>image_tool</c> it is the first, which is what farms know.</summary>
internal static class ImageTools
{
    private static readonly IImageTool[] All = [new LiveBuildTool(), new MmdebstrapTool()];

    /// <exception cref="RefusedException">The arguments are not good.</exception>
    internal static (ImageArguments Image, IImageBuild Build) Prepare(BuildRequest request, LiveFsOptions options)
    {
        var reader = new ArgumentReader(request.Arguments);
        var image = ImageArguments.Parse(DebianArguments.Parse(request), reader);
        var name = reader.Text(Arguments.ImageTool) ?? All[0].Name;
        var tool = All.FirstOrDefault(tool => tool.Name == name) ?? throw new RefusedException(
            $"the argument '{Arguments.ImageTool}' is '{ArgumentReader.Shown(name)}'; it has to be one of {string.Join(", ", All.Select(tool => tool.Name))}");
        return (image, tool.Prepare(reader, image, options));
    }
}
