namespace Buildd.Protocol.XmlRpc;

/// <summary>A method call as it stands on the wire, before anybody asked whether there is such a method.</summary>
/// <param name="MethodName">The name, not trimmed and never empty once read.</param>
/// <param name="Parameters">The parameters in order; none for a call without a <c>params</c> element.</param>
public sealed record XmlRpcCall(string MethodName, IReadOnlyList<XmlRpcValue> Parameters);
