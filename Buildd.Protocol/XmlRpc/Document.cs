namespace Buildd.Protocol.XmlRpc;

/// <summary>A whole XML-RPC document.</summary>
/// <param name="Kind">What it ended as.</param>
/// <param name="MethodName">The method name; null if there was no such element.</param>
/// <param name="Values">The values that are not inside others.</param>
internal sealed record Document(DocumentKind Kind, string? MethodName, IReadOnlyList<XmlRpcValue> Values);

/// <summary>What a document is, by the last of its telling elements.</summary>
internal enum DocumentKind
{
    /// <summary>A method name without parameters.</summary>
    MethodName,

    /// <summary>A call or an answer with parameters.</summary>
    Params,

    /// <summary>A fault.</summary>
    Fault,
}
