namespace Buildd.Daemon.Logging;

/// <summary>Where the daemon's own log goes, and in which form. The log of a build is another thing.</summary>
public sealed record DaemonLogOptions
{
    /// <summary>The file, opened again on SIGHUP; null means standard output, where the journal reads it if systemd started us.</summary>
    public string? Path { get; init; }

    /// <summary>The form of a line.</summary>
    public DaemonLogFormat Format { get; init; }
}
