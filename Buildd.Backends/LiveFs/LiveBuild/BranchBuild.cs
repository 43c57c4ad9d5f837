using Buildd.Backends.Steps;
using Buildd.Linux.Processes;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>The way of who keeps a configuration of live-build in a branch. Works with Debian's own live-build.</summary>
internal sealed class BranchBuild(BranchArguments arguments, bool followsRedirects) : IImageBuild
{
    /// <summary>dctrl-tools is only recommended, and no list of packages can be read without it.</summary>
    private static readonly string[] Packages = ["live-build", "squashfs-tools", "dctrl-tools", "git", "ca-certificates"];

    /// <summary>What live-build leaves beside the image's folder's own, and a kernel and initrd where they were made.</summary>
    private static readonly string[] Conditions =
    [
        "(", "-path", ImageSite.Folder + "/chroot", "-o", "-path", ImageSite.Folder + "/cache", "-o", "-path", ImageSite.Folder + "/config",
        "-o", "-path", ImageSite.Folder + "/auto", "-o", "-path", ImageSite.Folder + "/local", "-o", "-path", ImageSite.Folder + "/.build",
        ")", "-prune",
        "-o", "-not", "-type", "d",
        "(", "-path", ImageSite.Folder + "/livecd.*", "-o", "-name", "*.iso", "-o", "-name", "*.img", "-o", "-name", "*.squashfs", "-o",
        "-name", "*.tar", "-o", "-name", "*.tar.*",
        "-o", "-name", "*.manifest", "-o", "-name", "*.packages", "-o", "-name", "*.contents", "-o", "-name", "*.files", "-o", "-name",
        "*.zsync",
        "-o", "-path", ImageSite.Folder + "/binary/*/vmlinu[xz]*", "-o", "-path", ImageSite.Folder + "/binary/*/initrd*", ")",
    ];

    internal BranchArguments Arguments => arguments;

    /// <inheritdoc/>
    public async Task RunAsync(ImageSite site, CancellationToken abort)
    {
        await site.InstallAsync(Packages, withRecommends: false, abort).ConfigureAwait(false);
        site.Enter(Phase.Checkout);
        await new Checkout(site, arguments, followsRedirects).RunAsync(abort).ConfigureAwait(false);
        site.Enter(Phase.LiveFs);
        foreach (var command in Commands(site.Image))
            await site.RunAsync(command, LiveBuildStages.Read, abort).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageFile>> FindResultsAsync(ImageSite site, CancellationToken abort) =>
        ImageFiles.Name(site.Image.Project, await site.FindAsync(Conditions, abort).ConfigureAwait(false));

    /// <summary>What makes the image, one after the other. The options are for live-build's configuration, which the others read.</summary>
    internal IEnumerable<Command> Commands(ImageArguments image)
    {
        var variables = arguments.Environment.Select(variable => KeyValuePair.Create(variable.Key, (string?)variable.Value))
            .Concat(
                [KeyValuePair.Create("PROJECT", (string?)image.Project), KeyValuePair.Create("ARCH", (string?)image.System.Architecture),
                    KeyValuePair.Create("SUITE", (string?)image.System.Series)])
            .DistinctBy(variable => variable.Key);
        return
        [
            LiveBuildCommands.Lb(image, "clean", "--purge").With(variables),
            LiveBuildCommands.Lb(image, "config", arguments.Options).With(variables),
            LiveBuildCommands.Lb(image, "build").With(variables),
        ];
    }
}
