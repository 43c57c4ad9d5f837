using System.Buffers;
using System.Collections.Immutable;
using Buildd.Protocol;
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

    /// <summary>The backend's tag; null only when idle.</summary>
    internal string? Tag { get; init; }

    /// <summary>Where the build is, or was last; null when the backend never said.</summary>
    internal string? Phase { get; init; }

    /// <summary>
    /// The log of the build that runs; a closed one when it has ended, or null when that was before the slave was started.
    /// </summary>
    internal BuildLog? Log { get; init; }

    /// <summary>Whether the tail of the log has the shape for logs that may hold secrets.</summary>
    internal bool HasPrivateLog { get; init; }

    /// <summary>How the build reaches the outside; null where no proxy is known.</summary>
    internal ProxyInfoReply? ProxyInfo { get; init; }

    /// <summary>How the build ended; only when waiting.</summary>
    internal BuildOutcome? Outcome { get; init; }

    /// <summary>The results so far: name to sum, in the order they were added.</summary>
    internal IReadOnlyDictionary<string, Sha1> Results { get; init; } = new Dictionary<string, Sha1>();

    /// <summary>Sums of the results that only this build put into the cache: the ones that <c>clean</c> removes.</summary>
    internal ImmutableHashSet<Sha1> OwnSums { get; init; } = [];

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
            FileMap = hasFileMap
                ? new OrderedDictionary<string, string>(
                    Results.Select(result => KeyValuePair.Create(result.Key, result.Value.ToString())), StringComparer.Ordinal)
                : null,
            Dependencies = hasFileMap ? Outcome!.Dependencies : null,
            Extra = Extra,
        };
    }

    /// <summary>What of it outlives the slave.</summary>
    internal JournalEntry ToJournal()
    {
        var extra = new ArrayBufferWriter<byte>();
        if (Extra.Count > 0)
            XmlRpcWriter.WriteResponse(extra, Extra);
        return new JournalEntry
        {
            Version = JournalEntry.CurrentVersion,
            Status = Status,
            BuildId = BuildId,
            Tag = Tag,
            Phase = Phase,
            Outcome = Outcome?.Status,
            Dependencies = Outcome?.Dependencies ?? "",
            Results = [.. Results.Select(result => new JournalFile(result.Key, result.Value))],
            OwnSums = [.. OwnSums],
            Extra = extra.WrittenSpan.ToArray(),
        };
    }

    /// <summary>What an earlier slave knew.</summary>
    internal static BuilderSnapshot FromJournal(JournalEntry entry) => new()
    {
        Status = entry.Status,
        BuildId = entry.BuildId,
        Tag = entry.Tag,
        Phase = entry.Phase,
        Outcome = entry.Outcome is { } status ? new BuildOutcome(status, entry.Dependencies) : null,
        Results = new OrderedDictionary<string, Sha1>(
            entry.Results.Select(result => KeyValuePair.Create(result.Name, result.Sha1)), StringComparer.Ordinal),
        OwnSums = [.. entry.OwnSums],
        Extra =
            entry.Extra.Length > 0 ? (XmlRpcStruct)XmlRpcReader.ReadResponse(new ReadOnlySequence<byte>(entry.Extra)) : new XmlRpcStruct(),
    };

    private ReadOnlyMemory<byte>? ReadTail()
    {
        var tail = Log?.ReadTail();
        return HasPrivateLog && tail is { } bytes ? LogTail.OfPrivateLog(bytes.Span) : tail;
    }
}
