using Buildd.Farm.Rights;
using static Buildd.Farm.Rights.Clauses;

namespace Buildd.Farm.People;

/// <summary>What may be done to people and teams, and who may.</summary>
internal static class PersonRights
{
    /// <summary>To see that there is such a person or team, and what all may see of what they own.</summary>
    internal static Right<Person> View { get; } = new(
        "see",
        Everybody<Person>(person => !person.IsPrivate, $"NOT person.is_private"),
        Group<Person>("its members", person => person.Id, $"person.id"),
        Group<Person>("its owner", person => person.Owner, $"person.owner"),
        Of<Person>(Role.Administrator));

    /// <summary>To change what is said of them, and who is in the team.</summary>
    internal static Right<Person> Edit { get; } = new(
        "edit",
        View,
        Self(),
        Group<Person>("its owner", person => person.Owner, $"person.owner"),
        TeamAdministrators<Person>(person => person.Id, $"person.id"),
        Of<Person>(Role.Administrator));

    /// <summary>To see what is not for others: addresses of mail, tokens, whether there is a password.</summary>
    internal static Right<Person> ViewPrivate { get; } = new("see the addresses and tokens of", Self(), Of<Person>(Role.Administrator));

    /// <summary>To change addresses, password and tokens. A token that sees nothing private has no part in it.</summary>
    internal static Right<Person> EditPrivate { get; } = new(
        "change the addresses, password and tokens of", ViewPrivate, Self(), Of<Person>(Role.Administrator));

    /// <summary>To rename, suspend and give away.</summary>
    internal static Right<Person> Administer { get; } = new("administer", View, Of<Person>(Role.Administrator));

    private static Clause<Person> Self() => new(
        "they themselves", (actor, person) => actor.PersonId == person.Id, actor => $"person.id = {actor.PersonId ?? 0}");
}
