using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>The answer to <c>ensurepresent</c>: an array of a boolean and a string.</summary>
/// <param name="Present">Whether the file is in the cache now.</param>
/// <param name="Info">Where it came from or why it is not there, for people.</param>
public sealed record EnsurePresentReply(bool Present, string Info)
{
    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The array.</returns>
    public XmlRpcValue ToXmlRpc() => new XmlRpcArray([Present, Info]);

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape.</exception>
    public static EnsurePresentReply FromXmlRpc(XmlRpcValue value)
    {
        var items = Shape.Items(value, 2, "the answer to ensurepresent");
        return new EnsurePresentReply(Shape.Flag(items[0], "the presence"), Shape.Text(items[1], "the info"));
    }
}
