#!/bin/sh
# shellcheck disable=SC2154 # go, the file to wait for, is set before this
request=$(cat)
member() { printf '%s' "$request" | sed 's/.*"'"$1"'":"\([^"]*\)".*/\1/'; }
token=$(member token)
password=$(printf '%s' "$request" | sed 's#.*http://user:\([^@]*\)@.*#\1#')
decoded=$(member password)
for secret in "$token" "$password" "$decoded"; do
    echo "whole: $secret"
    echo "twice: $secret$secret"
    length=${#secret}
    for at in 1 2 5 $((length / 2)) $((length - 1)); do
        printf 'split: %s' "$(printf '%s' "$secret" | cut -c1-$at)"
        sleep 0.05
        printf '%s\n' "$(printf '%s' "$secret" | cut -c$((at + 1))-)"
    done
    for before in '' a ab; do
        printf '%s%s' "$before" "$secret" | base64 -w 0
        echo
    done
    printf 'user:%s' "$secret" | base64 -w 0
    echo
    echo "deb http://user:$secret@private.example/ bookworm main" >&2
done
echo 'this is no secret'
while ! [ -e "$go" ]; do sleep 0.05; done
