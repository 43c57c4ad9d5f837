#!/bin/sh
# shellcheck disable=SC2086 # of the parts there are one or two, which are words of ours
set -e
top="$1/work/tree${2:+/$2}"
if [ "$(cd "$top" 2>/dev/null && pwd -P)" != "$top" ]; then
    echo "the branch has no folder '$2', or a link leads to it"
    exit 1
fi
cd "$top"
parts=
for part in auto config; do
    if [ -h "$part" ] || { [ -e "$part" ] && [ ! -d "$part" ]; }; then
        echo "'$part' in the branch is no folder"
        exit 1
    fi
    [ ! -d "$part" ] || parts="$parts $part"
done
if [ -z "$parts" ]; then
    # shellcheck disable=SC2016 # these are no quotes of the shell's
    echo "the branch has neither auto/ nor config/${2:+ in '$2'}: there is nothing that live-build could be told by it"
    exit 1
fi
find $parts -type l -exec sh -c '
    top=$1; shift
    for link; do
        target=$(readlink "$link")
        case $link in config/includes*/*) continue;; esac
        case $target in
            /*/../*|/*/..) ;;
            /usr/share/live/build/*) continue;;
            /*) ;;
            *) case $(realpath -m -- "$link") in "$top"/auto/*|"$top"/config/*) continue;; esac;;
        esac
        echo "the link $link leads out of the configuration, to $target: it is not used" | tr -d "[:cntrl:]"; echo
        exit 1
    done' sh "$top" {} +
rm -rf "$3/auto" "$3/config"
cp -a --no-preserve=ownership -- $parts "$3/"
rm -rf "$1/work"
