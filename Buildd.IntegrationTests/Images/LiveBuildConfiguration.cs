using Buildd.IntegrationTests.Support;

namespace Buildd.IntegrationTests.Images;

/// <summary>The quickest configuration of live-build that ends with a root file system as squashfs, as scripts and as a branch.</summary>
internal static class LiveBuildConfiguration
{
    /// <summary>What <c>auto/build</c> does: three of the stages, for there is nothing to boot.</summary>
    internal const string Build =
        """
        lb bootstrap; lb chroot
        touch .build/binary_chroot # a stage that never calls itself done when it has nothing to do
        lb binary_rootfs; lb binary_manifest

        """;

    internal const string Clean = "#!/bin/sh\nset -e\nlb clean noauto \"$@\"\nrm -f livecd.*\n";

    internal static async Task<string> ConfigAsync()
    {
        var mirror = (await BuildEnvironment.ArchiveAsync()).Split(' ')[1];
        return $$"""
            M={{mirror}}
            lb config noauto --mode debian --distribution "$SUITE" --architectures "$ARCH" --archive-areas main \
              --mirror-bootstrap $M --mirror-chroot $M --mirror-binary $M \
              --parent-mirror-bootstrap $M --parent-mirror-chroot $M --parent-mirror-binary $M \
              --security false --updates false --backports false --apt-recommends false --apt-indices false --apt-source-archives false \
              --debootstrap-options "--variant=minbase" --linux-packages none --initramfs none --initsystem none \
              --memtest none --loadlin false --win32-loader false --debian-installer none --firmware-chroot false --firmware-binary false \
              --checksums none --source false --zsync false --cache false --system live \
              --binary-images tar --bootloaders '' --build-with-chroot false \
              --chroot-filesystem squashfs --chroot-squashfs-compression-type zstd "$@"

            """;
    }
}
