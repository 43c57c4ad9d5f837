#!/bin/bash
set -e -o pipefail
shopt -s nullglob
image=$1 format=$2 suite=$3
shift 3
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$file" ] || sources+=("$file")
done
if [ "$format" = squashfs ]; then
    mmdebstrap "$@" --format=tar -- "$suite" - "${sources[@]}" | tar2sqfs --quiet --compressor zstd "$image.$format"
else
    mmdebstrap "$@" --format=tar -- "$suite" "$image.$format" "${sources[@]}"
fi
