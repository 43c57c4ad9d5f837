using System.Buffers;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Turns calls and answers into bytes. Has no state: any thread may call, also at the same time. A value that cannot
/// be written is found before the first byte is, so the output never has to be taken back.
/// </summary>
/// <remarks>
/// The bytes are those of Python's <c>xmlrpc.client.dumps</c> with nil allowed, line ends included: that is what the
/// reference sends, and what masters in Python send it. In text only <c>&amp;</c>, <c>&lt;</c> and <c>&gt;</c> are
/// escaped; control characters go out as they are, although no XML parser takes them. Half a surrogate pair, which
/// UTF-8 cannot express, becomes U+FFFD.
/// </remarks>
public static class XmlRpcWriter
{
    /// <summary>Writes the answer to a call.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="result">The result.</param>
    /// <exception cref="XmlRpcWriteException">The result cannot be written.</exception>
    public static void WriteResponse(IBufferWriter<byte> output, XmlRpcValue result)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(result);
        WritableCheck.Check(result);

        output.Write("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"u8);
        ValueWriter.Write(output, result);
        output.Write("</param>\n</params>\n</methodResponse>\n"u8);
    }

    /// <summary>Writes a fault.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="fault">The fault.</param>
    public static void WriteFault(IBufferWriter<byte> output, XmlRpcFault fault)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(fault);

        output.Write("<?xml version='1.0'?>\n<methodResponse>\n<fault>\n"u8);
        ValueWriter.Write(output, new XmlRpcStruct
        {
            [FaultMembers.Code] = fault.Code,
            [FaultMembers.String] = fault.Message,
        });
        output.Write("</fault>\n</methodResponse>\n"u8);
    }

    /// <summary>Writes a method call.</summary>
    /// <param name="output">Where to; it is neither flushed nor completed.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="XmlRpcWriteException">A parameter cannot be written.</exception>
    public static void WriteCall(IBufferWriter<byte> output, XmlRpcCall call)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(call);
        foreach (var parameter in call.Parameters)
            WritableCheck.Check(parameter);

        output.Write("<?xml version='1.0'?>\n<methodCall>\n<methodName>"u8);
        ValueWriter.WriteText(output, call.MethodName);
        output.Write("</methodName>\n<params>\n"u8);
        foreach (var parameter in call.Parameters)
        {
            output.Write("<param>\n"u8);
            ValueWriter.Write(output, parameter);
            output.Write("</param>\n"u8);
        }

        output.Write("</params>\n</methodCall>\n"u8);
    }
}
