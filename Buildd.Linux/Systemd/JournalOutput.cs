using Buildd.Linux.Processes;

namespace Buildd.Linux.Systemd;

/// <summary>Tells whether our standard output goes straight to systemd's journal.</summary>
public static class JournalOutput
{
    private const string Variable = "JOURNAL_STREAM";

    /// <summary>
    /// Whether it does: systemd.exec(5) says to compare what the variable names with the descriptor. The variable is taken out of the
    /// environment, since it is true of no program that this one starts: to be asked once.
    /// </summary>
    public static bool IsStandardOutput() =>
        Matches(EnvironmentVariable.Take(Variable), new FileInfo("/proc/self/fd/1").LinkTarget);

    /// <summary>
    /// Whether a <c>DEVICE:INODE</c> is the socket that the link names. The inode alone is compared: all sockets are of one
    /// device, and the link does not tell it.
    /// </summary>
    internal static bool Matches(string? variable, string? link) =>
        variable?.Split(':') is [_, { Length: > 0 } inode] && link == $"socket:[{inode}]";
}
