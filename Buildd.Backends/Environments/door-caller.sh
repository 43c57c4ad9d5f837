#!/bin/sh
# Runs a command in the container, as its root.
door=$1
shift
call=$(mktemp -d "$door/call.XXXXXXXXXX") || exit 125
mkfifo "$call/in" "$call/out" "$call/err" "$call/end" || exit 125
printf '%s\0' "$@" > "$call/words"
exec 3<&0
cat <&3 > "$call/in" & in=$!
exec 3<&-
cat "$call/out" & out=$!
cat "$call/err" >&2 & err=$!
exec 2>/dev/null # the shell's own remarks are nobody's
trap 'kill $in $out $err; exit 143' TERM INT HUP
echo "${call##*/}" > "$door/calls"
read -r code < "$call/end"
# What it left running may hold its output open; the command itself has ended.
(sleep 3; kill $out $err) >/dev/null 2>&1 & patience=$!
wait $out $err
kill $in $patience
rm -rf "$call"
exit "${code:-125}"

