namespace Buildd.Protocol.XmlRpc;

/// <summary>The answer that stands for a failed call.</summary>
/// <param name="Code">The <c>faultCode</c> member; <see cref="XmlRpcFaults"/> has those in use.</param>
/// <param name="Message">The <c>faultString</c> member.</param>
public sealed record XmlRpcFault(int Code, string Message);
