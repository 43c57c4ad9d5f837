namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// The one table of faults. Codes and texts are those of Twisted's XML-RPC server, on which the reference is built;
/// clients look at the code only. Faults travel with HTTP status 200.
/// </summary>
public static class XmlRpcFaults
{
    /// <summary>There is no such method.</summary>
    public const int NotFoundCode = 8001;

    /// <summary>Everything else: the call could not be read, carried out or answered.</summary>
    public const int FailureCode = 8002;

    /// <summary>
    /// The call was understood and not carried out: wrong arguments, wrong state, or an error inside. The reason is
    /// for the log of the side that failed, and is not told.
    /// </summary>
    public static XmlRpcFault Error { get; } = new(FailureCode, "error");

    /// <summary>
    /// There is no method of that name. A name with a dot would belong to a group of methods; there are no groups, so
    /// the text names the part before the first dot.
    /// </summary>
    /// <param name="name">The method name as received.</param>
    /// <returns>The fault.</returns>
    public static XmlRpcFault UnknownMethod(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return new(NotFoundCode, dot < 0 ? $"procedure {name} not found" : $"no such subHandler {name[..dot]}");
    }

    /// <summary>The body is no proper call.</summary>
    /// <param name="text">The message of the <see cref="XmlRpcReadException"/>.</param>
    /// <returns>The fault.</returns>
    public static XmlRpcFault CannotDeserialize(string text) => new(FailureCode, $"Can't deserialize input: {text}");

    /// <summary>The call was carried out, but its result cannot be written.</summary>
    /// <param name="text">The message of the <see cref="XmlRpcWriteException"/>.</param>
    /// <returns>The fault.</returns>
    public static XmlRpcFault CannotSerialize(string text) => new(FailureCode, $"Can't serialize output: {text}");
}
