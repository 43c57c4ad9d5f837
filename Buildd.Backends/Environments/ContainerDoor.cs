namespace Buildd.Backends.Environments;

/// <summary>
/// Lets sbuild, which is no root, have its commands run in a container, by root of the container: a folder that both see, with
/// a pipe to call by. For each call there is a folder with the command's words, and pipes for its input, its output and its end.
/// </summary>
/// <remarks>
/// What comes through the door is done by the container's root, who can do nothing to the machine. On this machine the folder
/// belongs to whoever builds; in the container nobody but root gets to it, so that a package's build can't call.
/// </remarks>
internal static class ContainerDoor
{
    /// <summary>The pipe that calls are announced by.</summary>
    internal const string Calls = "calls";

    /// <summary>What sbuild runs before each command: it calls, and behaves as the command would.</summary>
    private const string Caller =
        """
        #!/bin/sh
        # Runs a command in the container, as its root.
        door=@DOOR@
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

        """;

    /// <summary>
    /// Answers, in the container; $1 is the folder, $2 says whether there is to be no network for the build. Each command is
    /// nobody's child, so that the container's init collects it.
    /// </summary>
    internal const string Answerer =
        $$"""
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
                    if [ -e {{SbuildServer.OfflineMark}} ]; then network='nsenter --net=/proc/1/ns/net --'; fi
                    perl -e 'open my $file, "<", shift or exit 125; local $/ = "\0"; chomp(my @words = <$file>); close $file;
                        chdir "/"; @words = (@ARGV, @words); exec { $words[0] } @words or print STDERR "$words[0]: $!\n"; exit 127' "$1/$call/words" $network
                    code=$?
                    exec < /dev/null > /dev/null 2>&1
                    echo $code > "$call/end"
                ) &
            )
        done
        """;

    /// <summary>The caller's text.</summary>
    /// <param name="door">The folder, as this machine has it.</param>
    internal static string FormatCaller(string door) =>
        Caller.Replace("@DOOR@", $"'{door.Replace("'", "'\"'\"'", StringComparison.Ordinal)}'", StringComparison.Ordinal);
}
