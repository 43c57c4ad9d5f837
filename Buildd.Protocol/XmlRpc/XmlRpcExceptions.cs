namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// The bytes are no proper document. The message is the text that a fault has after
/// <c>Can't deserialize input: </c>; see <see cref="XmlRpcFaults.CannotDeserialize"/>.
/// </summary>
/// <param name="message">What is wrong, with line and column where the XML itself is.</param>
/// <param name="innerException">The XML parser's own exception, if there was one.</param>
public sealed class XmlRpcReadException(string message, Exception? innerException = null)
    : ProtocolException(message, innerException);

/// <summary>
/// The value cannot be written. The message is the text that a fault has after <c>Can't serialize output: </c>; see
/// <see cref="XmlRpcFaults.CannotSerialize"/>. Nothing has been written when this is thrown.
/// </summary>
/// <param name="message">What is wrong.</param>
public sealed class XmlRpcWriteException(string message) : ProtocolException(message);

/// <summary>The document was read without trouble: it is a fault.</summary>
/// <param name="fault">The fault.</param>
public sealed class XmlRpcFaultException(XmlRpcFault fault) : ProtocolException($"Fault {fault.Code}: {fault.Message}")
{
    /// <summary>The fault.</summary>
    public XmlRpcFault Fault { get; } = fault;
}
