using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages;

/// <summary>
/// The answer to <c>status</c>: a struct whose members come in the order of the properties here. Which are there
/// depends on the status; null means left out.
/// </summary>
public sealed record StatusReply
{
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
    /// <see cref="Messages.BuildStatus.PackageFail"/> or <see cref="Messages.BuildStatus.DepFail"/>. May be empty.
    /// </summary>
    public IReadOnlyDictionary<string, string>? FileMap { get; init; }

    /// <summary>With the file map: the unmet dependencies, or an empty string.</summary>
    public string? Dependencies { get; init; }

    /// <summary>Members that a manager adds, such as <c>revision_id</c> or <c>jobs</c>. They come last.</summary>
    public IReadOnlyDictionary<string, XmlRpcValue> Extra { get; init; } = new XmlRpcStruct();

    /// <summary>The reply as the codec writes it.</summary>
    /// <returns>The struct.</returns>
    public XmlRpcValue ToXmlRpc() => throw new NotImplementedException();

    /// <summary>Reads the reply.</summary>
    /// <param name="value">What the codec read.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="MessageFormatException">It has another shape, or a status word is unknown.</exception>
    public static StatusReply FromXmlRpc(XmlRpcValue value) => throw new NotImplementedException();
}
