#!/bin/sh
set -e
put() {
    awk -F: -v n="${2%%:*}" '$1 != n' "$1" > "$1.buildd"
    printf '%s\n' "$2" >> "$1.buildd"
    cat "$1.buildd" > "$1"
    rm "$1.buildd"
}
put /etc/group "$2"
put /etc/group "$3"
put /etc/passwd "$1"
mkdir -p /build
chown "$4:sbuild" /build
chmod 0770 /build
