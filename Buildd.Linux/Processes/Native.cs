using System.Runtime.InteropServices;

namespace Buildd.Linux.Processes;

/// <summary>The few calls of the C library that .NET has no name for.</summary>
internal static partial class Native
{
    internal const int SigKill = 9;
    internal const int SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SysKill(int pid, int signal);

    /// <summary>The size of a <c>sigset_t</c> of the C library.</summary>
    internal const int SignalSetBytes = 128;

    private const int ReplaceMask = 2; // SIG_SETMASK

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int SysSignalMask(int how, ReadOnlySpan<byte> set, nint old);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int SysGetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    /// <summary>The niceness of this process, from -20 to 19; -1 also where it can't be told.</summary>
    internal static int Niceness => SysGetPriority(0, 0);

    /// <summary>Sets which signals this thread has blocked.</summary>
    internal static void SetBlockedSignals(ReadOnlySpan<byte> set) => _ = SysSignalMask(ReplaceMask, set, 0);

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
