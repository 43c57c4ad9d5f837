namespace Buildd.Daemon.Logging;

/// <summary>The form of a line in the daemon's log.</summary>
public enum DaemonLogFormat
{
    /// <summary>For people: the time (left out in the journal, which has its own), the level, who says it, and the message.</summary>
    Text,

    /// <summary>For programs: an object per line, with the message and, on their own, the values in it.</summary>
    Json,
}
