using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary><c>echo</c>: gives the arguments back. Used to see whether a slave is there.</summary>
/// <param name="Arguments">Any values, or none.</param>
public sealed record EchoCall(IReadOnlyList<XmlRpcValue> Arguments) : SlaveCall
{
    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WireNames.Methods.Echo, Arguments);
}

/// <summary><c>info</c>: what the slave is and can do. Answered with an <see cref="InfoReply"/>.</summary>
public sealed record InfoCall : SlaveCall
{
    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WireNames.Methods.Info, []);
}

/// <summary><c>status</c>: what the slave is doing. Answered with a <see cref="StatusReply"/>.</summary>
public sealed record StatusCall : SlaveCall
{
    /// <summary>
    /// Whether it is asked for by the name <c>status_dict</c>, which always means the struct; the other name meant an array up to 2013.
    /// The default is false.
    /// </summary>
    public bool WantsStruct { get; init; }

    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WantsStruct ? WireNames.Methods.StatusDict : WireNames.Methods.Status, []);
}

/// <summary><c>abort</c>: stops the running build. Answered with a <see cref="BuilderStatusReply"/>.</summary>
public sealed record AbortCall : SlaveCall
{
    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WireNames.Methods.Abort, []);
}

/// <summary>
/// <c>clean</c>: forgets an ended build and its results. Answered with a <see cref="BuilderStatusReply"/>.
/// </summary>
public sealed record CleanCall : SlaveCall
{
    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WireNames.Methods.Clean, []);
}

/// <summary>
/// <c>proxy_info</c>: how a build reaches the outside. Answered with a <see cref="ProxyInfoReply"/>.
/// </summary>
public sealed record ProxyInfoCall : SlaveCall
{
    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() => new(WireNames.Methods.ProxyInfo, []);
}
