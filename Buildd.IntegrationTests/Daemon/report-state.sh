#!/bin/sh
# Prints what a process inherits, with the shell's own means as far as they go: in a small chroot there is little else.
echo "umask $(umask)"
# shellcheck disable=SC3045 # every shell of Debian's has it
ulimit -S -a | while read -r limit; do echo "limit $limit"; done
while read -r name value; do
    case $name in SigBlk: | SigIgn:) echo "$name $value" ;; esac
done </proc/self/status
read -r oom </proc/self/oom_score_adj
echo "oom $oom"
read -r stat </proc/self/stat
# shellcheck disable=SC2086 # the fields behind the program's name
set -- ${stat##*) }
echo "nice ${17}"
for descriptor in 3 4 5 6 7 8 9 20 64 200; do
    [ ! -e "/proc/self/fd/$descriptor" ] || echo "descriptor $descriptor is open"
done
env | while IFS='=' read -r name value; do
    case $name in BUILDD_* | PWD | OLDPWD | _) ;; *) echo "variable $name=$value" ;; esac
done
