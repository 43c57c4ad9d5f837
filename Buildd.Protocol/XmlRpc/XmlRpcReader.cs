using System.Buffers;

namespace Buildd.Protocol.XmlRpc;

/// <summary>Turns bytes into calls and answers. Has no state: any thread may call, also at the same time.</summary>
public static class XmlRpcReader
{
    /// <summary>Reads a method call.</summary>
    /// <param name="body">The whole document.</param>
    /// <returns>The call.</returns>
    /// <exception cref="XmlRpcReadException">It is no proper call.</exception>
    public static XmlRpcCall ReadCall(ReadOnlySequence<byte> body) => throw new NotImplementedException();

    /// <summary>Reads the answer to a call.</summary>
    /// <param name="body">The whole document.</param>
    /// <returns>The result.</returns>
    /// <exception cref="XmlRpcReadException">It is no proper answer.</exception>
    /// <exception cref="XmlRpcFaultException">It is a fault.</exception>
    public static XmlRpcValue ReadResponse(ReadOnlySequence<byte> body) => throw new NotImplementedException();
}
