using Buildd.Backends.Steps;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave;

namespace Buildd.Backends.LiveFs;

/// <summary>A program that makes images. Each has a folder: its arguments, its commands, its stages, its results.</summary>
internal interface IImageTool
{
    /// <summary>What the argument <c>image_tool</c> calls it.</summary>
    string Name { get; }

    /// <summary>Checks the tool's own arguments; touches nothing.</summary>
    /// <exception cref="RefusedException">Something is missing, or can't be what it says.</exception>
    IImageBuild Prepare(LiveFsArguments arguments, LiveFsOptions options);
}

/// <summary>The making of one image. What fails is a <see cref="PhaseFailedException"/>; anything else is the builder's fault.</summary>
internal interface IImageBuild
{
    /// <summary>
    /// Installs what it takes and makes the image, all of it inside, in <see cref="ImageSite.Folder"/>. Enters its phases.
    /// </summary>
    Task RunAsync(ImageSite site, CancellationToken abort);

    /// <summary>What of the files that were made is a result, and under which name.</summary>
    Task<IReadOnlyList<ImageFile>> FindResultsAsync(ImageSite site, CancellationToken abort);
}

/// <summary>A result.</summary>
/// <param name="Path">Where it lies in <see cref="ImageSite.Folder"/>.</param>
/// <param name="Name">Its name for the master.</param>
internal readonly record struct ImageFile(string Path, string Name);
