#!/bin/sh
set -e
mkdir "$1"
tar -C "$1" -xf "$2"
root=$1/chroot-autobuild
mount -t proc none "$root/proc"
mount -t devpts -o gid=5,mode=620 none "$root/dev/pts"
mount -t sysfs none "$root/sys"
mount -t tmpfs none "$root/dev/shm"
for name in hosts hostname resolv.conf; do install -m 644 "/etc/$name" "$root/etc/$name"; done
umount "$root/dev/shm" "$root/sys" "$root/dev/pts" "$root/proc"
rm -rf --one-file-system "$1"
