#!/bin/sh
# Makes a branch; arguments: what auto/config does, and what auto/build does.
mkdir -p boards/one/auto boards/one/config/includes.chroot/etc boards/one/config/hooks/normal
cat > boards/one/auto/config <<END
#!/bin/sh
set -e
$1
printf '%s' "\$BOARD" > config/includes.chroot/etc/board
END
cat > boards/one/auto/build <<END
#!/bin/sh
set -e
$2
END
chmod +x boards/one/auto/*
ln -s /nowhere/at/all boards/one/config/includes.chroot/etc/link
ln -s /usr/share/live/build/hooks/normal/1000-create-mtab-symlink.hook.chroot boards/one/config/hooks/normal/
