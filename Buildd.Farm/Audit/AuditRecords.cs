using System.Data.Common;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.Farm.Audit;

/// <summary>Who changed what; <see cref="FarmStore"/> says what holds of all its records.</summary>
/// <param name="store">Whose they are.</param>
internal sealed class AuditRecords(FarmStore store)
{
    private readonly Table<AuditEntry> _table = new("audit", store.Dialect, AuditColumns.All);

    /// <summary>Entries that fit, the youngest first.</summary>
    /// <exception cref="FarmException">The actor is no administrator.</exception>
    internal Task<IReadOnlyList<AuditEntry>> ListAsync(Actor actor, AuditFilter filter, CancellationToken cancellationToken)
    {
        if (!actor.SeesPrivate || !actor.Has(Role.Administrator))
            throw FarmException.NotAllowed($"{actor.Name} may not read the audit: members of {Role.Administrator.ToName()} may");
        if (string.Concat(filter.Actor, filter.Kind, filter.Subject).Contains('\0', StringComparison.Ordinal))
            throw FarmException.Invalid("the character NUL is in no entry of the audit");
        var conditions = new List<Sql>();
        if (filter.Actor is { } name)
            conditions.Add($"audit.actor_name = {name}");
        if (filter.Kind is { } kind)
            conditions.Add($"audit.kind = {kind}");
        if (filter.Subject is { } subject)
            conditions.Add($"audit.subject = {subject}");
        if (filter.Before is { } before)
            conditions.Add($"audit.id < {before}");
        return store.ReadAsync<IReadOnlyList<AuditEntry>>(
            async connection => await _table.QueryAsync(
                connection, $"WHERE {Sql.All(conditions)} ORDER BY audit.id DESC LIMIT {filter.Count}"),
            cancellationToken);
    }

    /// <summary>Adds an entry, in the transaction of the change itself.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="actor">Who makes the change.</param>
    /// <param name="action">What is done, a word such as <c>changed</c>.</param>
    /// <param name="kind">The kind of thing.</param>
    /// <param name="subject">The thing's name.</param>
    /// <param name="changes">What of it; nothing that is secret.</param>
    internal Task WriteAsync(
        DbConnection connection, Actor actor, string action, string kind, string subject, IReadOnlyList<FieldChange> changes) =>
        _table.AddAsync(connection, new AuditEntry
        {
            At = store.Time.GetUtcNow(),
            Actor = actor.PersonId,
            ActorName = actor.Name,
            Origin = actor.Origin,
            Action = action,
            Kind = kind,
            Subject = subject,
            Changes = changes,
        });
}

/// <summary>Which entries to list; null does not matter.</summary>
internal sealed record AuditFilter
{
    /// <summary>The most entries of one listing.</summary>
    internal const int MaxCount = 1000;

    /// <summary>The name of whoever made the change.</summary>
    internal string? Actor { get; init; }

    /// <summary>The kind of thing.</summary>
    internal string? Kind { get; init; }

    /// <summary>The thing's name.</summary>
    internal string? Subject { get; init; }

    /// <summary>Only entries before this one.</summary>
    internal long? Before { get; init; }

    /// <summary>How many at most, from 1 to <see cref="MaxCount"/>; 50 by default.</summary>
    internal int Count { get; init => field = Math.Clamp(value, 1, MaxCount); } = 50;
}
