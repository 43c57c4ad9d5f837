using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Logs;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// All that <c>status</c> tells, at one moment. It is replaced whole, so a reader never sees half a change and never
/// waits for one.
/// </summary>
internal sealed record BuilderSnapshot
{
    internal static readonly BuilderSnapshot IdleAtStart = new() { Status = BuilderStatus.Idle };

    internal required BuilderStatus Status { get; init; }

    /// <summary>The build; null only when idle.</summary>
    internal string? BuildId { get; init; }

    /// <summary>The build's log; null only when idle.</summary>
    internal BuildLog? Log { get; init; }

    /// <summary>Whether the tail of the log has the shape for logs that may hold secrets.</summary>
    internal bool HasPrivateLog { get; init; }

    /// <summary>How the build reaches the outside; null where no proxy is known.</summary>
    internal ProxyInfoReply? ProxyInfo { get; init; }

    /// <summary>How the build ended; only when waiting.</summary>
    internal BuildOutcome? Outcome { get; init; }

    /// <summary>The results so far: name to sum, in the order they were added.</summary>
    internal IReadOnlyDictionary<string, string> Results { get; init; } = new Dictionary<string, string>();

    /// <summary>Members that the backend added.</summary>
    internal XmlRpcStruct Extra { get; init; } = new();

    /// <summary>The snapshot as <c>status</c> answers it: protocol section 5 says which member is there when.</summary>
    internal StatusReply ToReply(string? version)
    {
        var hasFileMap = Outcome?.Status is BuildStatus.Ok or BuildStatus.PackageFail or BuildStatus.DepFail;
        return new StatusReply
        {
            Status = Status,
            BuilderVersion = version,
            BuildStatus = Outcome?.Status,
            BuildId = BuildId,
            LogTail = Status == BuilderStatus.Building ? ReadTail() : null,
            FileMap = hasFileMap ? Results : null,
            Dependencies = hasFileMap ? Outcome!.Dependencies : null,
            Extra = Extra,
        };
    }

    private ReadOnlyMemory<byte>? ReadTail()
    {
        var tail = Log?.ReadTail();
        return HasPrivateLog && tail is { } bytes ? LogTail.OfPrivateLog(bytes.Span) : tail;
    }
}
