using System.Collections.Frozen;
using Buildd.Protocol.XmlRpc;
using Members = Buildd.Protocol.Messages.WireNames.Members;

namespace Buildd.Protocol.Messages;

/// <summary>
/// The answer to <c>status</c>: a struct whose members come in the order of the properties here. Which are there
/// depends on the status; null means left out. Slaves and masters up to 2013 know an array instead.
/// </summary>
public sealed record StatusReply
{
    private static readonly FrozenSet<string> Standard = FrozenSet.Create(
        StringComparer.Ordinal,
        Members.BuilderStatus,
        Members.BuilderVersion,
        Members.BuildStatus,
        Members.BuildId,
        Members.LogTail,
        Members.FileMap,
        Members.Dependencies);

    /// <summary>What the builder is doing.</summary>
    public required BuilderStatus Status { get; init; }

    /// <summary>The slave's version. The reference leaves it out when its package is not installed.</summary>
    public string? BuilderVersion { get; init; }

    /// <summary>How the build ended; only while waiting.</summary>
    public BuildStatus? BuildStatus { get; init; }

    /// <summary>What the master called the build; while building, waiting or aborting.</summary>
    public string? BuildId { get; init; }

    /// <summary>The end of the build log, 2048 bytes in the reference; only while building.</summary>
    public ReadOnlyMemory<byte>? LogTail { get; init; }

    /// <summary>
    /// File name to SHA-1 of the results, in order; while waiting with <see cref="Messages.BuildStatus.Ok"/>,
    /// <see cref="Messages.BuildStatus.PackageFail"/> or <see cref="Messages.BuildStatus.DepFail"/>. May be empty. Not checked here:
    /// the master says which file has a sum that is none.
    /// </summary>
    public IReadOnlyDictionary<string, string>? FileMap { get; init; }

    /// <summary>With the file map: the unmet dependencies, or an empty string.</summary>
    public string? Dependencies { get; init; }

    /// <summary>
    /// Members that a manager adds, such as <c>revision_id</c> or <c>jobs</c>. They come last, in their order. One with
    /// the name of a member above is not sent, and neither is one that could not be written or not be read again: an
    /// integer beyond 32 bits, a decimal, text with a character that XML has no place for, one nested too deep.
    /// </summary>
    /// <remarks>
    /// Differs: in the reference such a one takes the place of the standard member, so that a build's own status file
    /// can lie about the builder's state; or the whole answer becomes a fault, so that the master knows nothing at all.
    /// </remarks>
    public IReadOnlyDictionary<string, XmlRpcValue> Extra { get; init; } = new XmlRpcStruct();

    /// <summary>Whether a member may be among <see cref="Extra"/>, or would be left out.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Whether it is sent.</returns>
    public static bool CanCarry(string name, XmlRpcValue value) => !Standard.Contains(name) && WritableCheck.IsSafeMember(name, value);

    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The struct.</returns>
    public XmlRpcValue ToXmlRpc()
    {
        var members = new OrderedDictionary<string, XmlRpcValue>(StringComparer.Ordinal)
        {
            [Members.BuilderStatus] = WireNames.Of(Status),
        };
        if (BuilderVersion is not null)
            members[Members.BuilderVersion] = BuilderVersion;
        if (BuildStatus is { } buildStatus)
            members[Members.BuildStatus] = WireNames.Of(buildStatus);
        if (BuildId is not null)
            members[Members.BuildId] = BuildId;
        if (LogTail is { } logTail)
            members[Members.LogTail] = new XmlRpcBase64(logTail);
        if (FileMap is not null)
            members[Members.FileMap] = Shape.FromTexts(FileMap);
        if (Dependencies is not null)
            members[Members.Dependencies] = Dependencies;

        foreach (var (name, value) in Extra)
        {
            if (CanCarry(name, value))
                members[name] = value;
        }

        return new XmlRpcStruct(members);
    }

    /// <summary>The reply as masters read it that know no struct: the builder's status and what belongs to it, in an array.</summary>
    /// <returns>The array; the version and <see cref="Extra"/> have no place in it.</returns>
    public XmlRpcValue ToXmlRpcTuple() => StatusTuple.Write(this);

    /// <summary>Reads the reply, in either form.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape, or a status word is unknown.</exception>
    public static StatusReply FromXmlRpc(XmlRpcValue value)
    {
        if (value is XmlRpcArray { Count: > 0 } tuple)
            return StatusTuple.Read(tuple);
        var members = Shape.Members(value, "the answer to status");
        var word = Shape.Text(Get(Members.BuilderStatus), Members.BuilderStatus);
        if (!WireNames.TryParse(word, out BuilderStatus status))
            throw Shape.UnknownWord(word, Members.BuilderStatus);

        return new StatusReply
        {
            Status = status,
            BuilderVersion = Shape.TextOrNil(Get(Members.BuilderVersion), Members.BuilderVersion),
            BuildStatus = ReadBuildStatus(Shape.TextOrNil(Get(Members.BuildStatus), Members.BuildStatus)),
            BuildId = Shape.IdOrNil(Get(Members.BuildId), Members.BuildId),
            LogTail = Shape.BytesOrNil(Get(Members.LogTail), Members.LogTail),
            FileMap = Get(Members.FileMap) is var map and not XmlRpcNil ? Shape.Texts(map, Members.FileMap) : null,
            Dependencies = Shape.TextOrNil(Get(Members.Dependencies), Members.Dependencies),
            Extra = new XmlRpcStruct(members.Where(member => !Standard.Contains(member.Key))),
        };

        XmlRpcValue Get(string name) => members.GetValueOrDefault(name, XmlRpcNil.Instance);
    }

    internal static BuildStatus? ReadBuildStatus(string? word)
    {
        if (word is null)
            return null;
        return WireNames.TryParse(word, out BuildStatus status)
            ? status
            : throw Shape.UnknownWord(word, Members.BuildStatus);
    }
}
