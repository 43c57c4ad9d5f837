using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>Launchpad's way: what is built, and how, comes from the package livecd-rootfs of the series.</summary>
/// <remarks>
/// Differs: no snapd, no store proxy and no <c>snap install hello</c>; the reference has them in its containers only, and a chroot can't
/// run snapd. What livecd-rootfs itself does with <c>EXTRA_SNAPS</c> needs none.
/// </remarks>
internal sealed class LaunchpadBuild(LaunchpadArguments arguments) : IImageBuild
{
    private const string Recipes = "livecd-rootfs";
    private const string DefaultsBuilder = "ubuntu-defaults-builder";

    private const string PrepareScript =
        """
        set -e
        cd /build
        rm -rf auto local
        mkdir auto
        for part in config build clean; do ln -s "/usr/share/livecd-rootfs/live-build/auto/$part" "auto/$part"; done
        [ "$1" != debug ] || { mkdir -p local/functions; echo 'set -x' > local/functions/debug.sh; }
        """;

    internal LaunchpadArguments Arguments => arguments;

    /// <inheritdoc/>
    public async Task RunAsync(ImageSite site, CancellationToken abort)
    {
        foreach (var package in arguments.Locale is null ? (string[])[Recipes] : [Recipes, DefaultsBuilder])
        {
            if (!await site.KnowsPackageAsync(package, abort).ConfigureAwait(false))
            {
                throw new PhaseFailedException(BuildStatus.PackageFail,
                    $"There is no package '{package}' for {site.Image.System.Series} in the archives of this build. Ubuntu's series "
                        + "have it, Debian's don't: name an archive "
                    + $"that has it in '{WireNames.ArgumentNames.Archives}', or build from a branch with a configuration of live-build "
                    + $"('{WireNames.ArgumentNames.ConfigBranch}').");
            }
        }

        await site.InstallAsync([Recipes], withRecommends: true, abort).ConfigureAwait(false);
        if (arguments.Locale is { } locale)
        {
            await site.InstallAsync([DefaultsBuilder], withRecommends: true, abort).ConfigureAwait(false);
            site.Enter(Phase.LiveFs);
            await site.RunAsync(DefaultsImage(site.Image, locale), LiveBuildStages.Read, abort).ConfigureAwait(false);
            return;
        }

        site.Enter(Phase.LiveFs);
        await site.RunScriptAsync($"link {ImageSite.Folder}/auto to {Recipes}", PrepareScript, [arguments.Debug ? "debug" : ""], abort)
            .ConfigureAwait(false);
        foreach (var command in Commands(site.Image))
            await site.RunAsync(command, LiveBuildStages.Read, abort).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageFile>> FindResultsAsync(ImageSite site, CancellationToken abort)
    {
        var found = await site.FindAsync(["-maxdepth", "1", "-name", ImageFiles.Prefix + "*"], abort).ConfigureAwait(false);
        return [.. found.Select(name => new ImageFile(name, name))];
    }

    /// <summary>What makes the image, one after the other.</summary>
    internal IEnumerable<Command> Commands(ImageArguments image) =>
    [
        LiveBuildCommands.Lb(image, "clean", "--purge"),
        LiveBuildCommands.Lb(image, "config").With(arguments.Variables(image, ofConfig: true)),
        LiveBuildCommands.Lb(image, "build").With(arguments.Variables(image, ofConfig: false)),
    ];

    internal static Command DefaultsImage(ImageArguments image, string locale) => LiveBuildCommands.In(
        image,
        Command.Of("ubuntu-defaults-image", "--locale", locale, "--arch", image.System.Architecture, "--release", image.System.Series));
}
