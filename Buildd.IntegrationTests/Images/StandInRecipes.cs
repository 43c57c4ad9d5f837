using Buildd.IntegrationTests.Support;

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
            [$"{Auto}/build"] = $$"""
                #!/bin/sh
                set -e
                case $PROJECT in
                {{Stuck}})
                    trap '' TERM
                    truncate -s 64M disk
                    mkdir -p inner/proc
                    loop=$(losetup -f --show disk)
                    mount -t proc proc inner/proc
                    mkfs.ext2 -q "$loop"
                    mkdir disk-root
                    mount "$loop" disk-root
                    setsid sleep 1000 &
                    echo "holding $loop"
                    sleep 1000;;
                {{Tiny}})
                    umask 077
                    echo tiny > livecd.$PROJECT.img;;
                {{Sparse}})
                    truncate -s 10G livecd.$PROJECT.img;;
                {{Filling}})
                    dd if=/dev/zero of=livecd.$PROJECT.img bs=1M;;
                *)
                    env | sort > livecd.$PROJECT.of-build
                    {{LiveBuildConfiguration.Build}}
                    cp "$(find binary -name filesystem.squashfs)" livecd.$PROJECT.squashfs
                    ln -s /etc/passwd livecd.$PROJECT.link
                    mkfifo livecd.$PROJECT.pipe
                    mkdir livecd.$PROJECT.folder
                    printf 'x' > "$(printf 'livecd.%s.line\nend' "$PROJECT")";;
                esac
                """,
            [$"{Auto}/clean"] = LiveBuildConfiguration.Clean,
        });
        return await repository.ServeAsync(server, suite);
    }
}
