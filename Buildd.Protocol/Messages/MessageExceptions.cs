namespace Buildd.Protocol.Messages;

/// <summary>
/// A call or an answer was read, but its shape is not that of the message: the wrong number or types of arguments, a
/// member missing, a status word nobody knows. A slave answers a call like this with the fault
/// <see cref="XmlRpc.XmlRpcFaults.Error"/>.
/// </summary>
/// <param name="message">What was expected and what was there.</param>
public sealed class MessageFormatException(string message) : ProtocolException(message);

/// <summary>
/// A call names a method that doesn't exist. A slave answers with the fault of
/// <see cref="XmlRpc.XmlRpcFaults.UnknownMethod"/>.
/// </summary>
/// <param name="methodName">The name as received.</param>
public sealed class UnknownMethodException(string methodName) : ProtocolException($"There is no method {methodName}.")
{
    /// <summary>The name as received.</summary>
    public string MethodName { get; } = methodName;
}
