using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.Audit;

/// <summary>A change that somebody made. Entries are never changed, and nothing secret is in them.</summary>
internal sealed record AuditEntry
{
    /// <summary>The number; the later, the higher.</summary>
    public long Id { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The person's number; null for the machine's administrator.</summary>
    public required long? Actor { get; init; }

    /// <summary>The person's name at the time.</summary>
    public required string ActorName { get; init; }

    /// <summary>Where the request came from.</summary>
    public required string Origin { get; init; }

    /// <summary>What was done: <c>added</c>, <c>changed</c>, <c>removed</c>, or a word for something else.</summary>
    public required string Action { get; init; }

    /// <summary>The kind of thing, such as <c>archive</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The thing's name at the time.</summary>
    public required string Subject { get; init; }

    /// <summary>Each field that changed, with its old and its new value as a program would show them.</summary>
    public required IReadOnlyList<FieldChange> Changes { get; init; }
}

/// <summary>A field that was changed.</summary>
/// <param name="Field">Its name.</param>
/// <param name="Old">Its value before, as JSON; null when the thing was new.</param>
/// <param name="New">Its value after, as JSON; null when the thing is gone.</param>
internal sealed record FieldChange(string Field, string? Old, string? New);

/// <summary>The columns of the table <c>audit</c>.</summary>
internal static class AuditColumns
{
    /// <summary>All that an <see cref="AuditEntry"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<AuditEntry>> All { get; } =
    [
        new Column<AuditEntry, long>(nameof(AuditEntry.Id), Long, changes: false),
        new Column<AuditEntry, DateTimeOffset>(nameof(AuditEntry.At), Time, changes: false),
        new Column<AuditEntry, long?>(nameof(AuditEntry.Actor), OrNull(Long), changes: false),
        new Column<AuditEntry, string>(nameof(AuditEntry.ActorName), Text, changes: false),
        new Column<AuditEntry, string>(nameof(AuditEntry.Origin), Text, changes: false),
        new Column<AuditEntry, string>(nameof(AuditEntry.Action), Text, changes: false),
        new Column<AuditEntry, string>(nameof(AuditEntry.Kind), Text, changes: false),
        new Column<AuditEntry, string>(nameof(AuditEntry.Subject), Text, changes: false),
        new Column<AuditEntry, IReadOnlyList<FieldChange>>(nameof(AuditEntry.Changes), AuditJson.Changes, changes: false),
    ];
}
