using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>The answer to <c>info</c>: an array of two strings and an array of strings.</summary>
public sealed record InfoReply
{
    /// <summary>The version of the protocol; <c>1.0</c>, the only one there has been.</summary>
    public string ProtocolVersion { get; init; } = WireNames.ProtocolVersion;

    /// <summary>The Debian architecture the slave builds for by default, such as <c>amd64</c>.</summary>
    public required string ArchitectureTag { get; init; }

    /// <summary>The tags of the managers, in the order they were registered.</summary>
    public required IReadOnlyList<string> BuilderTags { get; init; }

    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The array.</returns>
    public XmlRpcValue ToXmlRpc() => throw new NotImplementedException();

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape.</exception>
    public static InfoReply FromXmlRpc(XmlRpcValue value) => throw new NotImplementedException();
}
