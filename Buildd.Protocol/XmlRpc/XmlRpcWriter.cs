using System.Buffers;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Turns calls and answers into bytes. Has no state: any thread may call, also at the same time. A value that cannot
/// be written is found before the first byte is, so the output never has to be taken back.
/// </summary>
public static class XmlRpcWriter
{
    /// <summary>Writes the answer to a call.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="result">The result.</param>
    /// <exception cref="XmlRpcWriteException">The result cannot be written.</exception>
    public static void WriteResponse(IBufferWriter<byte> output, XmlRpcValue result) => throw new NotImplementedException();

    /// <summary>Writes a fault.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="fault">The fault.</param>
    public static void WriteFault(IBufferWriter<byte> output, XmlRpcFault fault) => throw new NotImplementedException();

    /// <summary>Writes a method call.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="XmlRpcWriteException">A parameter cannot be written.</exception>
    public static void WriteCall(IBufferWriter<byte> output, XmlRpcCall call) => throw new NotImplementedException();
}
