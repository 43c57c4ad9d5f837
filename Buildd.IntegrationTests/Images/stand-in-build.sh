#!/bin/sh
set -e
case $PROJECT in
stuck)
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
tiny)
    umask 077
    echo tiny > "livecd.$PROJECT.img";;
sparse)
    truncate -s 10G "livecd.$PROJECT.img";;
filling)
    dd if=/dev/zero of="livecd.$PROJECT.img" bs=1M;;
*)
    env | sort > "livecd.$PROJECT.of-build"
    # shellcheck source=/dev/null # it is beside this file in the package
    . /usr/share/livecd-rootfs/live-build/auto/make
    cp "$(find binary -name filesystem.squashfs)" "livecd.$PROJECT.squashfs"
    ln -s /etc/passwd "livecd.$PROJECT.link"
    mkfifo "livecd.$PROJECT.pipe"
    mkdir "livecd.$PROJECT.folder"
    printf 'x' > "$(printf 'livecd.%s.line\nend' "$PROJECT")";;
esac
