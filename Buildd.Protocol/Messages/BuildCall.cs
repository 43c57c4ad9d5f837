using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary><c>build</c>: starts a build. Answered with a <see cref="BuildReply"/>.</summary>
/// <remarks>
/// Differs: a tag, sum, file map or argument struct of another type makes the call unreadable, so that it is answered
/// with the fault straight away. The reference comes to the same fault, but looks at manager and sums first, and can
/// then answer that one of these is unknown.
/// </remarks>
public sealed record BuildCall : SlaveCall
{
    /// <summary>
    /// What the master calls this build: any text. Empty when the wire had anything but a string (nil, 0, another number): the
    /// reference looks at the id only after manager and sums and then answers with the fault, so whoever carries out
    /// the call has to refuse an empty id in that order.
    /// </summary>
    public required string BuildId { get; init; }

    /// <summary>The tag of the manager to build with, such as <c>binarypackage</c>.</summary>
    public required string Builder { get; init; }

    /// <summary>
    /// The SHA-1 of the chroot, which has to be in the cache. Not checked here: the slave answers with the text that it was sent.
    /// </summary>
    public required string ChrootSha1 { get; init; }

    /// <summary>File name to SHA-1 of the inputs, which have to be in the cache. The order is kept. Not checked here either.</summary>
    public required IReadOnlyDictionary<string, string> FileMap { get; init; }

    /// <summary>The manager's own arguments; unknown ones are ignored.</summary>
    public required XmlRpcStruct Arguments { get; init; }

    /// <inheritdoc/>
    public override XmlRpcCall ToXmlRpc() =>
        new(WireNames.Methods.Build, [BuildId, Builder, ChrootSha1, Shape.FromTexts(FileMap), Arguments]);

    /// <summary>Reads the five arguments.</summary>
    /// <exception cref="MessageFormatException">One has the wrong type.</exception>
    internal static BuildCall FromParameters(IReadOnlyList<XmlRpcValue> parameters) => new()
    {
        BuildId = parameters[0] is XmlRpcString id ? id.Value : "",
        Builder = Shape.Text(parameters[1], "the builder's tag"),
        ChrootSha1 = Shape.Text(parameters[2], "the chroot's sum"),
        FileMap = Shape.Texts(parameters[3], "the file map"),
        Arguments = Shape.Members(parameters[4], "the arguments"),
    };
}
