#!/bin/sh
set -eu
mkdir -p chroot-autobuild/usr/bin chroot-autobuild/usr/sbin chroot-autobuild/usr/lib chroot-autobuild/usr/lib64 chroot-autobuild/tmp
cd chroot-autobuild
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
mkdir -p proc sys dev/pts dev/shm etc/apt/apt.conf.d etc/apt/sources.list.d etc/apt/preferences.d var build
touch etc/passwd etc/group
mknod dev/null c 1 3
chmod 666 dev/null
for name in sh cat umount rm mkdir chown chmod awk sleep setsid env linux32 linux64; do
    program=$(readlink -f "$(command -v "$name")")
    cp "$program" "usr/bin/$name"
    ldd "$program" | grep -o '/[^ ]*' | while read -r library; do mkdir -p "./${library%/*}"; cp -L "$library" "./$library"; done
done
head -c 4000000 /dev/urandom > usr/lib/something # so that unpacking takes a moment
cat > usr/bin/apt-get <<END
#!/bin/sh
trap '' TERM HUP INT
echo "installing nothing"
(setsid sleep $1 > /dev/null 2>&1 &)
env -i /usr/bin/setsid -f /usr/bin/env sleep $1 > /dev/null 2>&1 < /dev/null
rm -r /usr/lib/something && mkdir /usr/lib/something
sleep 0.1
END
chmod 755 usr/bin/apt-get
cd ..
tar -czf small.tar.gz chroot-autobuild
