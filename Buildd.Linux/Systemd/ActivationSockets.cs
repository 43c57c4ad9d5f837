using System.Globalization;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Linux.Systemd;

/// <summary>
/// The sockets that systemd listens at for a service, by the protocol of sd_listen_fds(3): a client that connects while the
/// service is down or starts anew waits, in place of being refused.
/// </summary>
public static class ActivationSockets
{
    private const int First = 3; // SD_LISTEN_FDS_START
    private const int Most = 64; // no unit of ours has more than one; a number beyond this is none

    /// <summary>Takes them from the environment, and out of it. What builds start does not inherit them.</summary>
    /// <exception cref="IOException">A descriptor that systemd names is not there.</exception>
    public static IReadOnlyList<int> TakeFromEnvironment()
    {
        var (pid, count) = (EnvironmentVariable.Take("LISTEN_PID"), EnvironmentVariable.Take("LISTEN_FDS"));
        EnvironmentVariable.Take("LISTEN_FDNAMES");
        var sockets = Parse(pid, count, Environment.ProcessId);
        foreach (var socket in sockets)
        {
            if (LibC.FileControl(socket, LibC.SetDescriptorFlags, LibC.CloseDescriptorOnExec) != 0)
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
}
