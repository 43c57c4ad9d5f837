using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>The answer to <c>proxy_info</c>: a struct of two members, each nil when the build had none.</summary>
/// <param name="UseFetchService">
/// Whether the build goes through the fetch service; null when the build call didn't say.
/// </param>
/// <param name="RevocationEndpoint">Where the build's token is revoked; null when there is none.</param>
public sealed record ProxyInfoReply(bool? UseFetchService, string? RevocationEndpoint)
{
    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The struct.</returns>
    public XmlRpcValue ToXmlRpc() => new XmlRpcStruct
    {
        [WireNames.Members.UseFetchService] = UseFetchService is { } use ? use : XmlRpcNil.Instance,
        [WireNames.Members.RevocationEndpoint] = Shape.OrNil(RevocationEndpoint),
    };

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape.</exception>
    public static ProxyInfoReply FromXmlRpc(XmlRpcValue value)
    {
        var members = Shape.Members(value, "the answer to proxy_info");
        return new ProxyInfoReply(
            Shape.FlagOrNil(
                members.GetValueOrDefault(WireNames.Members.UseFetchService, XmlRpcNil.Instance),
                WireNames.Members.UseFetchService),
            Shape.TextOrNil(
                members.GetValueOrDefault(WireNames.Members.RevocationEndpoint, XmlRpcNil.Instance),
                WireNames.Members.RevocationEndpoint));
    }
}
