#!/bin/sh
set -eu
[ ! -e "$2" ] || exit 0
folder=$(mktemp -d /var/tmp/buildd-chroot-XXXXXXXXXX)
trap 'rm -rf --one-file-system "$folder" "$2.part"' EXIT
tar -C "$folder" --numeric-owner -xzf "$1"
cd "$folder/chroot-autobuild"
find usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/zoneinfo/right usr/share/zoneinfo/posix usr/include/c++ -mindepth 1 -delete
find var/lib/apt/lists var/cache/apt -type f -delete
# what compiles anything but C, or while linking, or looks for mistakes of memory and threads
find usr/bin usr/lib -type f '(' -name cc1plus -o -name lto1 -o -name '*-lto-dump-*' -o -name 'lib[alt]san*' -o -name 'libubsan*' -o -name 'libstdc++*.a' ')' -delete
find usr/lib/*-linux-gnu/perl/*/auto usr/share/perl/*/Unicode -path '*/Encode/[CJKT]*' -type f -delete -o -path '*/Collate/*' -type f -delete
tar -C .. --numeric-owner -cf - chroot-autobuild | zstd -q -3 -T0 -o "$2.part"
mv "$2.part" "$2"
