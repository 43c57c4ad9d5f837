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
    public XmlRpcValue ToXmlRpc() => new XmlRpcArray(
    [
        ProtocolVersion,
        ArchitectureTag,
        new XmlRpcArray(BuilderTags.Select(tag => (XmlRpcValue)tag)),
    ]);

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape.</exception>
    public static InfoReply FromXmlRpc(XmlRpcValue value)
    {
        var items = Shape.Items(value, 3, "the answer to info");
        var tags = Shape.Items(items[2], 0, "the builders' tags");
        return new InfoReply
        {
            ProtocolVersion = Shape.Text(items[0], "the protocol version"),
            ArchitectureTag = Shape.Text(items[1], "the architecture tag"),
            BuilderTags = [.. tags.Select(tag => Shape.Text(tag, "a builder's tag"))],
        };
    }
}
