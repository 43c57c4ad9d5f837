using System.Net;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Client;

/// <summary>
/// A call or a download failed. The types differ in what is known afterwards. The message names the slave and the call,
/// never credentials. A caller that cancelled gets an <see cref="OperationCanceledException"/> instead.
/// </summary>
public abstract class SlaveException : ProtocolException
{
    private protected SlaveException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the same again, after a while, has a chance.</summary>
    public abstract bool IsTransient { get; }
}

/// <summary>
/// The slave answered with a fault: the connection is fine, the call was not carried out, and the slave's log says why.
/// </summary>
/// <param name="message">What was attempted and what came of it.</param>
/// <param name="fault">The fault.</param>
public sealed class SlaveFaultException(string message, XmlRpcFault fault) : SlaveException(message)
{
    /// <summary>The fault.</summary>
    public XmlRpcFault Fault { get; } = fault;

    /// <summary>
    /// Why the slave refused a build for what it asks: another slave would refuse it as well. Null where the slave does not say so, as
    /// those of others never do. The slave's words, which may be anything.
    /// </summary>
    public string? Refusal { get; init; }

    /// <summary>False: the slave would say the same again.</summary>
    public override bool IsTransient => false;
}

/// <summary>
/// Something answered, but with no proper answer: an HTTP error, bytes that are no XML-RPC, a reply of the wrong shape,
/// a file that is not the one it was. Probably it is no slave, or a proxy in between.
/// </summary>
/// <param name="message">What was attempted and what came of it.</param>
/// <param name="statusCode">The HTTP status, if that is what is wrong.</param>
/// <param name="innerException">The cause, if another exception was it.</param>
public sealed class SlaveProtocolException(
    string message, HttpStatusCode? statusCode = null, Exception? innerException = null)
    : SlaveException(message, innerException)
{
    /// <summary>The HTTP status, if that is what is wrong; else null.</summary>
    public HttpStatusCode? StatusCode { get; } = statusCode;

    /// <summary>True for the statuses of a proxy or server that is busy or restarting (429, 502, 503, 504).</summary>
    public override bool IsTransient => StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
        or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}

/// <summary>
/// The connection could not be made, broke or timed out: nobody knows whether the call was carried out.
/// </summary>
/// <param name="message">What was attempted and what came of it.</param>
/// <param name="innerException">The cause; null for a timeout of ours.</param>
public sealed class SlaveConnectionException(string message, Exception? innerException = null)
    : SlaveException(message, innerException)
{
    /// <summary>True: the slave may be restarting, or just slow.</summary>
    public override bool IsTransient => true;
}

/// <summary>The slave's cache has no file of that name.</summary>
/// <param name="message">What was attempted and what came of it.</param>
/// <param name="name">The name.</param>
public sealed class SlaveFileNotFoundException(string message, string name) : SlaveException(message)
{
    /// <summary>The name of the file.</summary>
    public string Name { get; } = name;

    /// <summary>False: files appear only after another call.</summary>
    public override bool IsTransient => false;
}
