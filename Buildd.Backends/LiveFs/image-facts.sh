#!/bin/sh
cd -P -- "$1" || exit 1
facts=$(mktemp -d "$PWD/.facts.XXXXXX") || exit 1
trap 'rm -rf "$facts"' EXIT
cat > "$facts/results"
mkdir -p "$facts/dpkg/updates" "$facts/dpkg/info"
listed='' bytes=''

list() { # DATABASE
    dpkg-query --admindir="$1" -W -f '${db:Status-Status} ${binary:Package}\t${Version}\n' 2>/dev/null | sed -n 's/^installed //p' > "$facts/list"
    [ ! -s "$facts/list" ] || listed=1
}
take() { # BYTES
    [ -n "$listed" ] || list "$facts/dpkg"
    [ -n "$bytes" ] || [ "${1:-0}" = 0 ] || bytes=$1
    rm -f "$facts/dpkg/status" "$facts/inner"
}
sum() { awk '$1 ~ /^-/ { sum += $3 } END { printf "%.0f\n", sum }' "$facts/files"; }

of_squashfs() { # FILE [OFFSET]
    unsquashfs ${2:+-o "$2"} -lln "$1" > "$facts/files" 2>/dev/null || return
    rm -rf "$facts/root"
    unsquashfs ${2:+-o "$2"} -no-progress -d "$facts/root" "$1" var/lib/dpkg/status >/dev/null 2>&1
    mv "$facts/root/var/lib/dpkg/status" "$facts/dpkg/status" 2>/dev/null
    take "$(sum)"
}
of_tar() { # FILE
    tar --numeric-owner -tvf "$1" > "$facts/files" 2>/dev/null || return
    database=$(awk 'NF == 6 && $1 ~ /^-/ && $6 ~ /^(\.\/)?([^\/]+\/)?var\/lib\/dpkg\/status$/ { print length($6), $6 }' "$facts/files" | sort -n | sed -n '1s/^[0-9]* //p')
    inner=$(awk 'NF == 6 && $1 ~ /^-/ && $6 ~ /\.squashfs$/ { print $6; exit }' "$facts/files")
    if [ -n "$database" ]; then
        tar -xOf "$1" -- "$database" > "$facts/dpkg/status" 2>/dev/null
        take "$(sum)"
    elif [ -n "$inner" ]; then
        tar -xOf "$1" -- "$inner" > "$facts/inner" 2>/dev/null && of_squashfs "$facts/inner"
    else
        take "$(sum)"
    fi
}
of_iso() { # FILE
    if command -v xorriso >/dev/null; then
        inner=$(xorriso -no_rc -indev "stdio:$PWD/$1" -find / -type f -name '*.squashfs' 2>/dev/null | sed -n "s/^'\([^']*\)'\$/\1/p" | head -n 1)
        [ -n "$inner" ] && xorriso -no_rc -osirrox on -indev "stdio:$PWD/$1" -extract "$inner" "$facts/inner" >/dev/null 2>&1 && of_squashfs "$facts/inner"
    elif command -v isoinfo >/dev/null; then
        inner=$(isoinfo -R -f -i "$1" 2>/dev/null | grep '\.squashfs$' | head -n 1)
        [ -n "$inner" ] && isoinfo -R -x "$inner" -i "$1" > "$facts/inner" 2>/dev/null && of_squashfs "$facts/inner"
    fi
}
of_disk() { # FILE: partitions of a disk, or one file system
    for sector in $(partx -rgo START "$1" 2>/dev/null) 0; do
        offset=$((sector * 512))
        if command -v debugfs >/dev/null; then
            debugfs -R "dump /var/lib/dpkg/status $facts/dpkg/status" "$1?offset=$offset" >/dev/null 2>&1
            used=$(debugfs -R 'show_super_stats -h' "$1?offset=$offset" 2>/dev/null |
                awk -F ': *' '$1 == "Block count" { all = $2 } $1 == "Free blocks" { free = $2 } $1 == "Block size" { size = $2 } END { printf "%.0f\n", (all - free) * size }')
            # Of several file systems the one with the packages is the root.
            [ ! -s "$facts/dpkg/status" ] || take "$used"
        fi
        of_squashfs "$1" "$offset"
        if command -v mcopy >/dev/null; then
            for folder in live casper; do
                MTOOLS_SKIP_CHECK=1 mcopy -n -i "$1@@$offset" "::/$folder/filesystem.squashfs" "$facts/inner" </dev/null >/dev/null 2>&1 && of_squashfs "$facts/inner"
            done
        fi
        [ -z "$listed" ] || return
    done
    of_iso "$1"
}

if [ -s chroot.packages.live ] && [ ! -h chroot.packages.live ]; then
    cp chroot.packages.live "$facts/list" && listed=1
elif [ -d chroot/var/lib/dpkg ]; then
    list chroot/var/lib/dpkg
fi
if [ -d chroot/etc ] && [ ! -h chroot ]; then
    bytes=$(du -x -B1 -s --apparent-size chroot | cut -f1)
fi
for kind in squashfs tar iso disk; do
    while IFS= read -r file; do
        if [ -n "$listed" ] && [ -n "$bytes" ]; then break; fi
        case $kind:$file in
            squashfs:*.squashfs) of_squashfs "$file";;
            tar:*.tar|tar:*.tar.*) of_tar "$file";;
            iso:*.iso) of_iso "$file";;
            disk:*.img|disk:*.ext[234]) of_disk "$file";;
        esac
    done < "$facts/results"
done

if [ -n "$2" ]; then
    if [ -z "$listed" ]; then
        : > "$facts/list"
        echo "The image's packages are not known: nothing that was made has a list of them that can be read here. $2 is empty."
    fi
    rm -rf -- "$2" && mv -- "$facts/list" "$2" || exit 1
fi
if [ -n "$3" ]; then
    if [ -z "$bytes" ]; then
        grep -E '\.(squashfs|tar|tar\.[a-z0-9]+|iso|img|ext[234])$' "$facts/results" > "$facts/images" || cp "$facts/results" "$facts/images"
        bytes=$(while IFS= read -r file; do stat -c %s -- "$file"; done < "$facts/images" | sort -n | tail -n 1)
        echo "The size of the image's root file system is not known: $3 is that of the largest image that was made."
    fi
    rm -rf -- "$3" && echo "${bytes:-0}" > "$3" || exit 1
fi
