#!/bin/sh
# WAITS COMMAND...: runs a command that fetches, and again after each of so many seconds while what it says may pass: a name that does
# not resolve, a refused or broken connection, a server's 429 and 5xx. The exit code is the last one's.
waits=$1
shift
said=$(mktemp) || exit
trap 'rm -f "$said"' EXIT
passing='Could not resolve|Connection (refused|reset|timed out)|[Tt]imed out|early EOF|hung up unexpectedly|Empty reply|RPC failed|returned error: (429|5[0-9][0-9])'
for wait in $waits last; do
    code=0
    "$@" 2> "$said" || code=$?
    cat "$said" >&2
    if [ "$code" = 0 ] || [ "$wait" = last ] || ! grep -Eq "$passing" "$said"; then
        break
    fi
    echo "This may pass: tried again in $wait s"
    sleep "$wait"
done
exit "$code"
