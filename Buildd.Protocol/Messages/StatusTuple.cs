using Buildd.Protocol.XmlRpc;
using Members = Buildd.Protocol.Messages.WireNames.Members;

namespace Buildd.Protocol.Messages;

/// <summary>
/// The answer to <c>status</c> before there was a struct, of slaves and masters up to 2013: an array, whose first item is the builder's
/// status, and whose others depend on it.
/// </summary>
/// <remarks>
/// <code>
/// IDLE      ""
/// BUILDING  build id, log tail
/// ABORTING  build id
/// ABORTED   build id: what is WAITING with the build status ABORTED since
/// WAITING   build status, build id; with OK, PACKAGEFAIL and DEPFAIL also the file map and the dependencies
/// </code>
/// It has no place for a version, nor for members of a manager's own.
/// </remarks>
internal static class StatusTuple
{
    private const string Answer = "the answer to status";

    /// <summary>The reply as those masters read it.</summary>
    internal static XmlRpcArray Write(StatusReply reply)
    {
        XmlRpcValue id = reply.BuildId ?? "";
        return reply switch
        {
            { Status: BuilderStatus.Idle } => new([WireNames.Of(reply.Status), ""]),
            { Status: BuilderStatus.Building } => new([WireNames.Of(reply.Status), id, new XmlRpcBase64(reply.LogTail ?? default)]),
            { Status: BuilderStatus.Aborting } => new([WireNames.Of(reply.Status), id]),
            { BuildStatus: BuildStatus.Aborted } => new([WireNames.AbortedBuilder, id]),
            { BuildStatus: { } build, FileMap: { } files } =>
                new([WireNames.Of(reply.Status), WireNames.Of(build), id, Shape.FromTexts(files), reply.Dependencies ?? ""]),
            { BuildStatus: { } build } => new([WireNames.Of(reply.Status), WireNames.Of(build), id]),
            _ => throw new ArgumentException("a builder that waits has a build status", nameof(reply)),
        };
    }

    /// <summary>Reads what those slaves answer.</summary>
    /// <exception cref="MessageFormatException">It has another shape, or a status word is unknown.</exception>
    internal static StatusReply Read(XmlRpcArray items)
    {
        var word = Shape.Text(Item(0), Members.BuilderStatus);
        if (word == WireNames.AbortedBuilder)
            return new StatusReply { Status = BuilderStatus.Waiting, BuildStatus = BuildStatus.Aborted, BuildId = Id(1) };
        if (!WireNames.TryParse(word, out BuilderStatus status))
            throw Shape.UnknownWord(word, Members.BuilderStatus);
        return status switch
        {
            BuilderStatus.Idle => new StatusReply { Status = status },
            BuilderStatus.Building => new StatusReply
            {
                Status = status,
                BuildId = Id(1),
                LogTail = Shape.BytesOrNil(Item(2), Members.LogTail),
            },
            BuilderStatus.Aborting => new StatusReply { Status = status, BuildId = Id(1) },
            BuilderStatus.Waiting => new StatusReply
            {
                Status = status,
                BuildStatus = StatusReply.ReadBuildStatus(Shape.Text(Item(1), Members.BuildStatus)),
                BuildId = Id(2),
                FileMap = Item(3) is var map and not XmlRpcNil ? Shape.Texts(map, Members.FileMap) : null,
                Dependencies = Shape.TextOrNil(Item(4), Members.Dependencies),
            },
            _ => throw new ArgumentOutOfRangeException(nameof(items), status, null),
        };

        XmlRpcValue Item(int index) => index < items.Count ? items[index] : XmlRpcNil.Instance;

        string Id(int index) => Shape.IdOrNil(Item(index), Members.BuildId)
            ?? throw new MessageFormatException($"{Answer} should have {index + 1} items and has {items.Count}.");
    }
}
