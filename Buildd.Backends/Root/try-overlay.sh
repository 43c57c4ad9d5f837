#!/bin/sh
set -eu
mkdir lower lower/folder upper work merged
echo lower > lower/folder/file
mount -t overlay -o "lowerdir=lower,upperdir=upper,workdir=work,$1" buildd-try merged
rm -r merged/folder
mkdir merged/folder
[ -z "$(ls merged/folder)" ]
echo upper > merged/file
mv merged/folder merged/renamed
umount merged
[ "$(cat upper/file)" = upper ]
[ "$(cat lower/folder/file)" = lower ]
