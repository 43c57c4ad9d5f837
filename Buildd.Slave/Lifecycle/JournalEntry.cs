using System.Text.Json.Serialization;
using Buildd.Protocol;
using Buildd.Protocol.Messages;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// All that a slave has to know to go on after it was killed: what it would tell a master, and what it still has to undo.
/// </summary>
internal sealed record JournalEntry
{
    /// <summary>Raised when an older slave could misread what a newer one wrote.</summary>
    internal const int CurrentVersion = 1;

    public required int Version { get; init; }

    public required BuilderStatus Status { get; init; }

    /// <summary>The build; null only when idle.</summary>
    public string? BuildId { get; init; }

    /// <summary>The backend's tag; null only when idle.</summary>
    public string? Tag { get; init; }

    /// <summary>Where the build is, in the backend's words.</summary>
    public string? Phase { get; init; }

    /// <summary>How the build ended; only when waiting.</summary>
    public BuildStatus? Outcome { get; init; }

    public string Dependencies { get; init; } = "";

    /// <summary>The file map, in its order.</summary>
    public IReadOnlyList<JournalFile> Results { get; init; } = [];

    /// <summary>Sums that <c>clean</c> removes. When idle: a clean was begun, and these may be there still.</summary>
    public IReadOnlyList<Sha1> OwnSums { get; init; } = [];

    /// <summary>
    /// The members that the backend added to <c>status</c>: a response of XML-RPC, which has all the types that they can have.
    /// </summary>
    public byte[] Extra { get; init; } = [];
}

/// <summary>A line of the file map.</summary>
/// <param name="Name">The result's name.</param>
/// <param name="Sha1">Its sum.</param>
internal sealed record JournalFile(string Name, Sha1 Sha1);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
