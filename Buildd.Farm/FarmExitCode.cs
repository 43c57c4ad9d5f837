namespace Buildd.Farm;

/// <summary>The exit codes of <c>buildd-farm</c>'s commands. The numbers above 63 are those of sysexits.h.</summary>
internal static class FarmExitCode
{
    /// <summary>Done. Of a command that waits for builds: all of them ended well.</summary>
    public const int Done = 0;

    /// <summary>It could not be done; the message says why.</summary>
    public const int Failed = 1;

    /// <summary>Done, and what was looked at is not well: a build that was waited for has failed, a builder has a mistake.</summary>
    public const int NotWell = 2;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>There is no such build, builder, chroot, log or file, or no store yet.</summary>
    public const int NotFound = 66;

    /// <summary>The store is busy, or another process is processing uploads: the same command may succeed later.</summary>
    public const int Busy = 75;

    /// <summary>Who asks may not do this; the message says who may.</summary>
    public const int NotAllowed = 77;

    /// <summary>The configuration is wrong.</summary>
    public const int BadConfiguration = 78;

    /// <summary>Ctrl-C, as a shell shows it.</summary>
    public const int Interrupted = 130;

    /// <summary>Nobody reads the output any more; the number that a shell shows for SIGPIPE.</summary>
    public const int Unread = 141;
}
