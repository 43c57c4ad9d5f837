#!/bin/sh
# shellcheck disable=SC2154 # nap, how long the processes sleep, is set before this
set -e
cat > request.json
results=$(sed -n 's/.*"results_dir" *: *"\([^"]*\)".*/\1/p' request.json)
echo "building in $PWD"
sleep "$nap" > /dev/null 2>&1 &
setsid sleep "$nap" > /dev/null 2>&1 &
# shellcheck disable=SC2016 # the inner shell expands it
(setsid sh -c 'cd / && sleep "$1"' sh "$nap" > /dev/null 2>&1 &)
head -c 300000 /dev/urandom > "$results/first.bin"
sleep 0.1
echo "first result made"
head -c 2000000 /dev/urandom > "$results/second.bin"
sleep 0.1
echo "second result made"
