#!/bin/sh
set -e
folder=$(mktemp -d /var/tmp/buildd-test-XXXXXXXXXX)
trap 'rm -rf --one-file-system "$folder"' EXIT
tar -C "$folder" --zstd -xf "$1"
cd "$folder/chroot-autobuild"
cp /etc/resolv.conf /etc/hosts etc/
echo "$3" > etc/apt/sources.list
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot . apt-get -qq update
chroot . apt-get -qq -y --no-install-recommends install systemd-sysv dbus
chroot . apt-get clean
cd ..
tar --zstd -cf "$2" chroot-autobuild
