#!/bin/sh
set -e
read -r M < auto/mirror
lb config noauto --mode debian --distribution "$SUITE" --architectures "$ARCH" --archive-areas main \
    --mirror-bootstrap "$M" --mirror-chroot "$M" --mirror-binary "$M" \
    --parent-mirror-bootstrap "$M" --parent-mirror-chroot "$M" --parent-mirror-binary "$M" \
    --security false --updates false --backports false --apt-recommends false --apt-indices false --apt-source-archives false \
    --debootstrap-options "--variant=minbase" --linux-packages none --initramfs none --initsystem none \
    --memtest none --loadlin false --win32-loader false --debian-installer none --firmware-chroot false --firmware-binary false \
    --checksums none --source false --zsync false --cache false --system live \
    --binary-images tar --bootloaders '' --build-with-chroot false \
    --chroot-filesystem squashfs --chroot-squashfs-compression-type zstd "$@"
