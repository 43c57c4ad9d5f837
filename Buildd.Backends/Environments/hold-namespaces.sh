#!/bin/sh
set -e
read -r outer rest < /proc/self/stat
if [ "$2" = offline ]; then ip link set lo up; fi
mount --make-rprivate /
mount --rbind "$1" "$1"
cd "$1"
for folder in proc sys dev; do
    if [ -L $folder ] || [ ! -d $folder ]; then echo "'/$folder' is no folder" >&2; exit 1; fi
done
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755,nr_inodes=4k tmpfs dev
for device in null zero full random urandom tty; do
    : > dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
pivot_root . .
umount -l .
cd /
exec 3<&0
echo "buildd-holder-ready $outer"
cat <&3 >/dev/null 2>&1 &
wait $!
