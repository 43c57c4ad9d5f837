using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>The answer to <c>abort</c> and <c>clean</c>: a string.</summary>
/// <param name="Status">What the builder is doing now.</param>
public sealed record BuilderStatusReply(BuilderStatus Status)
{
    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The string.</returns>
    public XmlRpcValue ToXmlRpc() => WireNames.Of(Status);

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It is no string, or the word is unknown.</exception>
    public static BuilderStatusReply FromXmlRpc(XmlRpcValue value)
    {
        var word = Shape.Text(value, "the builder's status");
        return WireNames.TryParse(word, out BuilderStatus status)
            ? new BuilderStatusReply(status)
            : throw Shape.UnknownWord(word, "the builder's status");
    }
}
