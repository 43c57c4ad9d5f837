#!/bin/sh
# usage: show-keys.sh FOLDER
# Has gpg show the keys in each file of a folder whose name is a number, and writes to NUMBER.said what it says and how it ends.
set -eu
cd "$1"
export GNUPGHOME="$1/home"
chmod 700 home
: | gpg --batch --no-tty --list-keys > first 2>&1
# shellcheck disable=SC2016 # the shells that xargs starts expand them
find . -maxdepth 1 -name '[0-9]*' -print0 | xargs -0 -P 2 -n 50 sh -c '
    for file; do
        code=0
        gpg --batch --no-tty --with-colons --show-keys "$file" > "$file.said" 2>&1 || code=$?
        echo "exit code $code" >> "$file.said"
    done' sh
