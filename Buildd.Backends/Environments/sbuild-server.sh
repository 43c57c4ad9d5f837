#!/bin/sh
# Answers sbuild: autopkgtest's virtualisation protocol.
words=$(cat "$0-words") || exit 1
echo ok
while read -r word rest; do
    case $word in
        open) echo 'ok build' ;;
        capabilities) echo 'ok root-on-testbed' ;;
        print-execute-command) echo "ok $words" ;;
        close) echo ok ;;
        quit) exit 0 ;;
        *) echo "error: '$word' is not known" ;;
    esac
done

