using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>The answer to <c>build</c>: an array of two strings.</summary>
/// <param name="Answer">Whether the build was taken.</param>
/// <param name="Text">The build id if it was, else what is unknown, for people.</param>
public sealed record BuildReply(BuildAnswer Answer, string Text)
{
    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The array.</returns>
    public XmlRpcValue ToXmlRpc() => new XmlRpcArray([WireNames.Of(Answer), Text]);

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape, or the first word is unknown.</exception>
    public static BuildReply FromXmlRpc(XmlRpcValue value)
    {
        var items = Shape.Items(value, 2, "the answer to build");
        var word = Shape.Text(items[0], "the answer's first item");
        return WireNames.TryParse(word, out BuildAnswer answer)
            ? new BuildReply(answer, Shape.IdOrNil(items[1], "the answer's text") ?? "")
            : throw Shape.UnknownWord(word, "the answer to build");
    }
}
