#!/bin/sh
set -eu
chroot=$1 line=$2 target=$3
shift 3
work=$(mktemp -d /var/tmp/buildd-packages-XXXXXXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir -p "$work/lists/partial" "$target/partial"
tar -C "$work" -xf "$chroot" chroot-autobuild/var/lib/dpkg/status
echo "$line" > "$work/sources.list"
apt() {
    apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" \
        -o Dir::State::Status="$work/chroot-autobuild/var/lib/dpkg/status" -o Dir::Cache="$work" -o Dir::Cache::Archives="$target" \
        -o APT::Sandbox::User=root "$@"
}
apt update
apt --yes --download-only --reinstall install "$@" # also those that the chroot has
rm -rf "$target/partial" "$target/lock"
