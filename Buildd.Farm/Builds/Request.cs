using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Builds;

/// <summary>
/// What somebody asked for: where a build belongs, and what of it slaves don't need. It stands beside the build for ever.
/// </summary>
internal sealed record Request
{
    /// <summary>The build's number.</summary>
    public required long Build { get; init; }

    /// <summary>The number of the person who asked; null for the machine's administrator.</summary>
    public required long? Requester { get; init; }

    /// <summary>The number of the archive that it is in.</summary>
    public required long Archive { get; init; }

    /// <summary>The number of the architecture of a series that it is for.</summary>
    public required long Architecture { get; init; }

    /// <summary>The pocket, such as <c>release</c>.</summary>
    public required string Pocket { get; init; }

    /// <summary>The component that the source is in, which decides what it may build with.</summary>
    public required string Component { get; init; }

    /// <summary>The version: of a source package, or the one that a live filesystem's files get.</summary>
    public required string Version { get; init; }

    /// <summary>The number of the live filesystem; null for a source package.</summary>
    public long? Livefs { get; init; }

    /// <summary>What tells builds of one live filesystem apart, such as <c>minimal</c>; null for nothing.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>Arguments for the slave that win over the live filesystem's own: a JSON object.</summary>
    public string MetadataOverride { get; init; } = "{}";

    /// <summary>What tells the request from others, if two alike must not wait; null if they may.</summary>
    public string? Identity { get; init; }

    /// <summary>The lines of sources.list that the last attempt got, without credentials; none before the first.</summary>
    public IReadOnlyList<string> AptLines { get; init; } = [];

    /// <summary>The attempt that got them; 0 before the first.</summary>
    public int AptAttempt { get; init; }
}

/// <summary>The columns of the table <c>request</c>.</summary>
internal static class RequestColumns
{
    /// <summary>All that a <see cref="Request"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Request>> All { get; } =
    [
        new Column<Request, long>(nameof(Request.Build), Long, changes: false),
        new Column<Request, long?>(nameof(Request.Requester), OrNull(Long), changes: false),
        new Column<Request, long>(nameof(Request.Archive), Long, changes: false),
        new Column<Request, long>(nameof(Request.Architecture), Long, changes: false),
        new Column<Request, string>(nameof(Request.Pocket), Text, changes: false),
        new Column<Request, string>(nameof(Request.Component), Text, changes: false),
        new Column<Request, string>(nameof(Request.Version), Text, changes: false),
        new Column<Request, long?>(nameof(Request.Livefs), OrNull(Long), changes: false),
        new Column<Request, string?>(nameof(Request.UniqueKey), OptionalText, changes: false),
        new Column<Request, string>(nameof(Request.MetadataOverride), Json, changes: false),
        new Column<Request, string?>(nameof(Request.Identity), OptionalText, changes: false),
        new Column<Request, IReadOnlyList<string>>(nameof(Request.AptLines), Words, changes: true),
        new Column<Request, int>(nameof(Request.AptAttempt), Integer, changes: true),
    ];
}
