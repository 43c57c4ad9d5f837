using System.Globalization;
using System.Runtime.InteropServices;
using Buildd.Linux.Processes;

namespace Buildd.Daemon.Systemd;

/// <summary>
/// The sockets that systemd listens at for a service, by the protocol of sd_listen_fds(3): a client that connects while the
/// service is down or starts anew waits, in place of being refused.
/// </summary>
internal static partial class ActivationSockets
{
    private const int First = 3; // SD_LISTEN_FDS_START
    private const int Most = 64; // no unit of ours has more than one; a number beyond this is none
    private const int SetFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>Takes them from the environment, and out of it. What builds start does not inherit them.</summary>
    /// <exception cref="IOException">A descriptor that systemd names is not there.</exception>
    internal static IReadOnlyList<int> TakeFromEnvironment()
    {
        var (pid, count) = (EnvironmentVariable.Take("LISTEN_PID"), EnvironmentVariable.Take("LISTEN_FDS"));
        EnvironmentVariable.Take("LISTEN_FDNAMES");
        var sockets = Parse(pid, count, Environment.ProcessId);
        foreach (var socket in sockets)
        {
            if (FileControl(socket, SetFlags, CloseOnExec) != 0)
                throw new IOException($"systemd hands over {sockets.Count} sockets, and descriptor {socket} is not there");
        }

        return sockets;
    }

    /// <summary>The descriptors that the variables name; none when they are meant for another process.</summary>
    internal static IReadOnlyList<int> Parse(string? pid, string? count, int ownPid) =>
        pid == ownPid.ToString(CultureInfo.InvariantCulture)
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Most
            ? [.. Enumerable.Range(First, number)]
            : [];

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(int descriptor, int command, int argument);
}
