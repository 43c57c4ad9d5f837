#!/bin/sh
for _ in $(seq 100); do
    left=
    for process in /proc/[0-9]*; do
        if [ "$process" != /proc/$$ ] && [ -O "$process" ] && tr '\0' '\n' < "$process/cmdline" | grep -qF -- "$1"; then
            kill -9 "${process#/proc/}" && left=yes
        fi
    done 2>/dev/null
    [ -n "$left" ] || exit 0
    sleep 0.1
done
exit 1
