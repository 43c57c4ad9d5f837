using Buildd.IntegrationTests.Support;

namespace Buildd.IntegrationTests.Images;

/// <summary>The quickest configuration of live-build that ends with a root file system as squashfs, as scripts and as a branch.</summary>
internal static class LiveBuildConfiguration
{
    /// <summary>What <c>auto/build</c> does: those of the stages that need no boot loader.</summary>
    internal const string Build =
        """
        lb bootstrap; lb chroot
        touch .build/binary_chroot # a stage that never calls itself done when it has nothing to do
        lb binary_rootfs; lb binary_manifest; lb binary_linux-image

        """;

    internal const string Clean = "#!/bin/sh\nset -e\nlb clean noauto \"$@\"\nrm -f livecd.*\n";

    /// <summary>
    /// What makes it a system that starts, with this architecture's smallest kernel; later options go before earlier ones.
    /// </summary>
    internal static async Task<string[]> KernelOptionsAsync()
    {
        var flavour = (await BuildEnvironment.ReleaseAsync()).Architecture switch
        {
            "amd64" => "cloud-amd64",
            "arm64" => "cloud-arm64",
            "armhf" => "armmp",
            "i386" => "686",
            "ppc64el" => "powerpc64le",
            var same => same,
        };
        return ["--linux-packages", "linux-image", "--linux-flavours", flavour, "--initramfs", "live-boot", "--initsystem", "systemd"];
    }

    internal static string Config(string mirror) =>
        $$"""
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
