using Buildd.Farm.Audit;
using Buildd.Farm.Store;
using static Buildd.Farm.Store.ColumnKind;

namespace Buildd.Farm.People;

/// <summary>A person or a team: they have one name space, and may own the same things.</summary>
internal sealed record Person : INumbered<Person>
{
    /// <inheritdoc/>
    public long Id { get; init; }

    /// <summary>The name, such as <c>ada</c>. It may change; the former one goes on to mean this person.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people, such as <c>Ada Lovelace</c>.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Text about them; empty by default.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether it is a team.</summary>
    public bool IsTeam { get; init; }

    /// <summary>Whether only its members see the team and what it owns; false for people.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The state of the account.</summary>
    public AccountState State { get; init; } = AccountState.Active;

    /// <summary>The number of a team's owner; null for a person.</summary>
    public long? Owner { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <inheritdoc/>
    public Person WithId(long id) => this with { Id = id };
}

/// <summary>The state of an account, with numbers of our own.</summary>
internal enum AccountState
{
    /// <summary>They may log in. A team is always active.</summary>
    Active = 1,

    /// <summary>An administrator has shut them out, until one lets them in again.</summary>
    Suspended = 2,

    /// <summary>They have left. What they own stays theirs.</summary>
    Deactivated = 3,
}

/// <summary>The columns of the table <c>person</c>.</summary>
internal static class PersonColumns
{
    /// <summary>All that a <see cref="Person"/> has. JSON has their order, which has no meaning in the store.</summary>
    internal static IReadOnlyList<Column<Person>> All { get; } =
    [
        new Column<Person, long>(nameof(Person.Id), Long, changes: false),
        new Column<Person, string>(nameof(Person.Name), Text, changes: true),
        new Column<Person, string>(nameof(Person.DisplayName), Text, changes: true),
        new Column<Person, string>(nameof(Person.Description), Text, changes: true),
        new Column<Person, bool>(nameof(Person.IsTeam), Flag, changes: false),
        new Column<Person, bool>(nameof(Person.IsPrivate), Flag, changes: true),
        new Column<Person, AccountState>(
            nameof(Person.State), Named<AccountState>(state => state.ToString().ToUpperInvariant()), changes: true),
        new Column<Person, long?>(nameof(Person.Owner), OrNull(Long), changes: true),
        new Column<Person, DateTimeOffset>(nameof(Person.Created), Time, changes: false),
    ];
}
