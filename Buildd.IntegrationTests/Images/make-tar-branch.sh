#!/bin/sh
mkdir auto
cat > auto/config <<'END'
#!/bin/sh
lb config noauto
END
cat > auto/build <<'END'
#!/bin/sh
set -e
mkdir -p root/var/lib/dpkg root/etc
printf 'Package: one\nStatus: install ok installed\nArchitecture: all\nMaintainer: a\nVersion: 1.0\nDescription: a\n' > root/var/lib/dpkg/status
head -c 100000 /dev/zero > root/etc/zero
tar -C root -czf board-one.tar.gz .
rm -r root
END
chmod +x auto/*
