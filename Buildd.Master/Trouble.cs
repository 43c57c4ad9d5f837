using System.Data.Common;
using System.Net.Sockets;
using Buildd.Debian;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;

namespace Buildd.Master;

/// <summary>Tells trouble that others make from mistakes in code.</summary>
internal static class Trouble
{
    /// <summary>
    /// Whether a slave, a store, a disk, a program or the network can cause an exception. All else (a null reference, an invalid operation,
    /// an argument that is out of range) is a mistake in code, of ours or of a part that a host brings.
    /// </summary>
    /// <remarks>A cancellation counts: deadlines cancel. Callers that can be cancelled themselves look at that first.</remarks>
    public static bool IsExpected(Exception exception) => exception is MasterException or ProtocolException or DebianException
        or FileNameException or ProcessException or IOException or UnauthorizedAccessException or SocketException or HttpRequestException
        or DbException or TimeoutException or OperationCanceledException;
}
