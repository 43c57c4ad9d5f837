namespace Buildd.IntegrationTests.Daemon;

/// <summary>A way to start a program that leaves it something odd to inherit.</summary>
/// <param name="Name">What is odd.</param>
/// <param name="Words">The words that go before the program's.</param>
internal sealed record OddStarter(string Name, params string[] Words)
{
    /// <summary>The beginnings of lines of the report that may differ, since they restrain and are the administrator's.</summary>
    internal string[] Kept { get; init; } = [];

    /// <summary>Those that are tried.</summary>
    internal static IReadOnlyList<OddStarter> All =>
    [
        new("nothing at all", "env", "-i"),
        new("nohup", "env", "--ignore-signal=HUP"),
        new("a shell's background", "env", "--ignore-signal=INT", "--ignore-signal=QUIT"),
        new("every signal ignored", "env", "--ignore-signal"),
        new("children that are not waited for", "env", "--ignore-signal=CHLD"),
        new("every signal blocked", "env", "--block-signal"),
        Shell("umask 077", "umask 077"),
        Shell("umask 000", "umask 000"),
        Set("another language", "LANG=tr_TR.ISO-8859-9", "LC_ALL=de_DE.UTF-8", "LANGUAGE=tr:de", "LC_COLLATE=fr_FR"),
        Set("another time zone", "TZ=Asia/Kathmandu"),
        Set("a home that is not there", "HOME=/nonexistent", "USER=nobody", "LOGNAME=nobody", "MAIL=/nonexistent", "SHELL=/bin/false"),
        Set("a folder for temporary files that is not there", "TMPDIR=/nonexistent", "TMP=/nonexistent", "TEMP=/nonexistent"),
        Set("cron's PATH", "PATH=/usr/bin:/bin"),
        Set("a PATH with folders of its own", "PATH=/nonexistent/bin:.:/tmp:/usr/bin:/bin"),
        Set("libraries of its own", "LD_LIBRARY_PATH=/nonexistent", "PERL5LIB=/nonexistent", "PYTHONPATH=/nonexistent", "PERL5OPT=-w"),
        Set(
            "programs' habits", "POSIXLY_CORRECT=1", "BASH_ENV=/nonexistent", "ENV=/nonexistent", "CDPATH=/", "GREP_OPTIONS=-v",
            "XZ_OPT=-9", "TAR_OPTIONS=--totals", "GZIP=-v", "IFS=x", "PS4=x", "GIT_DIR=/nonexistent"),
        Set(
            "a package's build of somebody else", "DEB_BUILD_OPTIONS=nocheck", "DEB_BUILD_PROFILES=stage1", "DEB_HOST_ARCH=hurd-i386",
            "CFLAGS=-Wno", "CC=false", "MAKEFLAGS=-n", "SOURCE_DATE_EPOCH=1", "DPKG_ROOT=/nonexistent", "APT_CONFIG=/nonexistent",
            "SBUILD_CONFIG=/nonexistent", "DH_VERBOSE=1", "MAKELEVEL=7"),
        Set("a service manager's words", "LISTEN_PID=1", "LISTEN_FDS=3", "INVOCATION_ID=0", "JOURNAL_STREAM=8:1", "SYSTEMD_EXEC_PID=1"),
        Set("a proxy", "http_proxy=http://127.0.0.1:9/") with { Kept = ["variable http_proxy="] },
        Shell("a folder that was removed", "folder=$(mktemp -d); cd \"$folder\"; rmdir \"$folder\""),
        Shell("files left open", "exec 5</etc/passwd 7<>/dev/null 9>/dev/null"),
        Shell("nothing open", "exec <&- >&- 2>&-"),
        Shell("standard input closed", "exec <&-"),
        new("no name", "bash", "-c", "exec -a '' \"$@\"", "bash"),
        new("a name that is an option", "bash", "-c", "exec -a '--version' \"$@\"", "bash"),
        new(
            "unpleasant soft limits", "prlimit", "--core=unlimited:", "--nofile=256:", "--fsize=4000000000:", "--stack=1000000:",
            "--nproc=4000:"),
        new("a stack without end", "prlimit", "--stack=unlimited:"),
        new("a preference", "nice", "-n", "-5"),
        // Containers without CAP_SYS_RESOURCE refuse it, and the row is then as the plain one.
        Shell("protection from the kernel", "choom -n -500 -p $$ >/dev/null 2>&1 || :"),
        new("last place", "nice", "-n", "5") { Kept = ["nice "] },
        new("idle disk", "ionice", "-c", "3"),
        new("one processor", "taskset", "1"),
    ];

    private static OddStarter Set(string name, params string[] variables) => new(name, ["env", .. variables]);

    private static OddStarter Shell(string name, string script) => new(name, "sh", "-c", script + "; exec \"$@\"", "sh");
}
