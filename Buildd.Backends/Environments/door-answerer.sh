#!/bin/sh
chmod 700 "${1%/*}" && cd "$1" || exit 1
exec 9<>calls
while read -r call <&9; do
    case $call in
        */* | *..*) continue ;;
        call.*) ;;
        *) continue ;;
    esac
    (
        (
            exec 9<&-
            exec < "$call/in" > "$call/out" 2> "$call/err"
            network=
            if [ -e "$2" ]; then network='nsenter --net=/proc/1/ns/net --'; fi
            # shellcheck disable=SC2086 # the words before the command, if there are any
            perl -e 'open my $file, "<", shift or exit 125; local $/ = "\0"; chomp(my @words = <$file>); close $file;
                chdir "/"; @words = (@ARGV, @words); exec { $words[0] } @words or print STDERR "$words[0]: $!\n"; exit 127' "$1/$call/words" $network
            code=$?
            exec < /dev/null > /dev/null 2>&1
            echo $code > "$call/end"
        ) &
    )
done
