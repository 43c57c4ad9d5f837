#!/bin/sh
set -e
umask 022
cd "$1"
IFS= read -r url
IFS= read -r credentials
IFS= read -r name
exec </dev/null
mkdir -m 700 home
export HOME="$PWD/home" LANG=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$PWD/home/config" GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/true GIT_ALLOW_PROTOCOL="$2"
printf '%s\n' "$credentials" > home/credentials
cat > home/config <<END
[core]
    hooksPath = /dev/null
[credential]
    helper = store --file=$PWD/home/credentials
[safe]
    directory = *
[http]
    followRedirects = $3
[submodule]
    recurse = false
[advice]
    detachedHead = false
END
/bin/sh -c "$4" sh "$5" git clone --quiet --no-checkout --template= -- "$url" tree
cd tree
found=
for candidate in ${name:+"refs/remotes/origin/$name" "refs/tags/$name" "$name"} ${name:-HEAD}; do
    if found=$(git rev-parse --verify --quiet --end-of-options "$candidate^{commit}"); then break; fi
done
if [ -z "$found" ]; then
    echo "the branch has no '$name'"
    exit 1
fi
git checkout --quiet --detach "$found" --
cd ..
rm -rf home tree/.git
echo "revision: $found"
