using Buildd.IntegrationTests.Support;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Images;

/// <summary>
/// A package livecd-rootfs for Debian, which has none: so Launchpad's way is gone without a change. Its <c>auto/build</c> makes a
/// real image or, by the project's name, trouble.
/// </summary>
internal static class StandInRecipes
{
    /// <summary>Takes what a build can take and ignores whoever asks it to stop.</summary>
    internal const string Stuck = "stuck";

    /// <summary>Leaves a result of 10 GB that takes no room.</summary>
    internal const string Sparse = "sparse";

    /// <summary>Leaves a result of a few bytes, with nothing done for it.</summary>
    internal const string Tiny = "tiny";

    /// <summary>Fills the disk.</summary>
    internal const string Filling = "filling";

    internal static async Task<string> ServeAsync(FileServer server, string folder, string suite, string mirror)
    {
        var repository = new PackageRepository(folder);
        const string Auto = "usr/share/livecd-rootfs/live-build/auto";
        await repository.AddAsync("livecd-rootfs", depends: "live-build, squashfs-tools, dctrl-tools", files: new Dictionary<string, string>
        {
            [$"{Auto}/config"] = $"""
                #!/bin/sh
                set -e
                env | sort > livecd.$PROJECT.of-config
                [ "$PROJECT" = fixture ] || exit 0
                {LiveBuildConfiguration.Config(mirror)}
                """,
            [$"{Auto}/build"] = Scripts.Program(typeof(StandInRecipes), "Images/stand-in-build.sh"),
            [$"{Auto}/make"] = LiveBuildConfiguration.Build,
            [$"{Auto}/clean"] = LiveBuildConfiguration.Clean,
        });
        return await repository.ServeAsync(server, suite);
    }
}
