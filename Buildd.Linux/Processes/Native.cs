using System.Runtime.InteropServices;

namespace Buildd.Linux.Processes;

/// <summary>The few calls of the C library that .NET has no name for.</summary>
internal static partial class Native
{
    internal const int SigKill = 9;
    internal const int SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SysKill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    /// <summary>Sends a signal to a process, or with a negative <paramref name="pid"/> to a process group.</summary>
    /// <returns>Whether there was somebody to send it to.</returns>
    internal static bool Kill(int pid, int signal)
    {
        // kill(-1) means every process on the machine, and 0 our own group: neither is ever meant here.
        if (pid is >= -1 and <= 1)
            throw new ArgumentOutOfRangeException(nameof(pid), pid, "a process or a group, and never process 1");
        return SysKill(pid, signal) == 0;
    }
}
